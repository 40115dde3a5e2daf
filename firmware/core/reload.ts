// A new cluster file for a running node. Keys are replaced on one node after the other while the cluster serves, as with
// heartbeat's own reload of authkeys(5); whatever else a file says takes effect with a restart, and a file that says anything
// else is not taken at all, so that a node never runs with half of one.

import type { ClusterConfig } from "./config/cluster.ts";
import { createAuthenticator } from "./heartbeat/auth.ts";
import { WORDS } from "./heartbeat/log-words.ts";
import { log, type Turn } from "./turn.ts";

/** Takes the keys of `next`; returns why not, in words, when anything else differs. */
export function reload(turn: Turn, next: ClusterConfig): string | undefined {
  const { cluster } = turn.state;
  const others = differences(cluster, next).filter((key) => key !== "heartbeat.auth");
  if (others.length > 0) {
    const verb = others.length === 1 ? "differs" : "differ";
    return `${others.join(", ")} ${verb} from what this node runs with: only heartbeat.auth can change without a restart`;
  }
  const { auth } = next.heartbeat;
  turn.state = {
    ...turn.state,
    cluster: { ...cluster, heartbeat: { ...cluster.heartbeat, auth } },
    auth: createAuthenticator(auth),
  };
  log(
    turn,
    WORDS.keys(
      auth.sendWith,
      auth.keys.map(({ id }) => id),
    ),
  );
  return undefined;
}

/** The keys of the file whose values differ, with the section heartbeat taken apart: "heartbeat.deadtime", "nodes". */
function differences(a: ClusterConfig, b: ClusterConfig): readonly string[] {
  const { heartbeat: mine, ...rest } = a;
  const { heartbeat: theirs, ...others } = b;
  return [...differing(rest, others), ...differing(mine, theirs).map((key) => `heartbeat.${key}`)];
}

function differing(a: object, b: object): readonly string[] {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((key) => !isEqual(left.get(key), right.get(key)))
    .map((key) => FILE_WORDS[key] ?? key);
}

/** Where the normalized value is named otherwise than the file's key. */
const FILE_WORDS: Readonly<Record<string, string>> = {
  autoFailback: "auto_failback",
  pingGroups: "ping_group",
};

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...keys].every((key) => isEqual(left.get(key), right.get(key)));
}
