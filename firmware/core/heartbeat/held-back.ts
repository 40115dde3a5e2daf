// ipfail among three nodes or more: who reaches fewer ping nodes than another living node, beyond doubt and for two keepalives,
// is held back: it is designated for nothing (designation.ts) while others can own it. It stays so until it has been even
// for initdead, as between two nodes, so that a cable that comes and goes moves each group once. Every node works this
// out from what all say of themselves; sharing.ts makes the moves safe.

import { record } from "../decision.ts";
import type { NodeState } from "../node.ts";
import { log, nowOf, type Turn } from "../turn.ts";
import { WORDS } from "./log-words.ts";
import { isAlive } from "./membership.ts";
import { ownReach, type Reach } from "./reach.ts";

export interface Disadvantage {
  /** Since when the node is worse than another one, monotonic ms; absent while it is even. */
  readonly since?: number;
  /** When it was last worse. */
  readonly lastAt: number;
  /** It has been worse for long enough. */
  readonly heldBack: boolean;
}

/** By node; those that are even are not in it. */
export type Disadvantages = ReadonlyMap<string, Disadvantage>;

interface Standing {
  readonly name: string;
  readonly reach: Reach;
}

export function isHeldBack({ ipfail }: NodeState, name: string): boolean {
  return ipfail.disadvantages?.get(name)?.heldBack === true;
}

/** When the next node will have been worse for long enough. */
export function heldBackDeadline({ ipfail, cluster }: NodeState): number | undefined {
  const open = [...(ipfail.disadvantages?.values() ?? [])].filter(({ heldBack }) => !heldBack);
  const since = open.flatMap((each) => (each.since === undefined ? [] : [each.since]));
  return since.length === 0 ? undefined : Math.min(...since) + settling(cluster);
}

function settling({ heartbeat }: NodeState["cluster"]): number {
  return 2 * heartbeat.keepalive;
}

export function judgeStandings(turn: Turn): void {
  const now = nowOf(turn);
  const { ipfail } = turn.state;
  const before: Disadvantages = ipfail.disadvantages ?? new Map();
  const standings = standingsOf(turn.state, now);
  const next = new Map<string, Disadvantage>();
  for (const standing of standings) {
    const better = standings.find(({ reach }) => reach.sure > standing.reach.count);
    const sure = standings.every(({ reach }) => reach.count <= standing.reach.sure);
    const verdict = better !== undefined ? "worse" : sure ? "even" : "in doubt";
    const judged = judge(turn.state, before.get(standing.name), verdict, now);
    if (judged !== undefined) next.set(standing.name, judged);
    announce(turn, standing, better, before.get(standing.name)?.heldBack === true, judged?.heldBack === true);
  }
  if (!same(before, next)) turn.state = { ...turn.state, ipfail: { ...ipfail, disadvantages: next } };
}

/** The nodes that could own something and have said what they reach. */
function standingsOf(state: NodeState, now: number): readonly Standing[] {
  const { setup, self, peers } = state;
  const own = self.phase === "running" ? [{ name: setup.self, reach: ownReach(state, now) }] : [];
  const others = [...peers.values()].flatMap((peer) => {
    const { name, reach, status, leaving, view } = peer;
    const counts = isAlive(peer) && status === "active" && !leaving && view?.cluster?.leaving === false;
    return counts && reach !== undefined ? [{ name, reach }] : [];
  });
  return [...own, ...others];
}

function judge(
  { cluster }: NodeState,
  before: Disadvantage | undefined,
  verdict: "worse" | "in doubt" | "even",
  now: number,
): Disadvantage | undefined {
  if (verdict === "worse") {
    const since = before?.since ?? now;
    const heldBack = before?.heldBack === true || now - since >= settling(cluster);
    return { since, lastAt: now, heldBack };
  }
  if (before?.heldBack !== true) return undefined;
  // It may be losing its ping node again at this moment.
  if (verdict === "even" && now - before.lastAt >= cluster.heartbeat.initdead) return undefined;
  return { lastAt: before.lastAt, heldBack: true };
}

function announce(turn: Turn, of: Standing, better: Standing | undefined, was: boolean, is: boolean): void {
  if (was === is) return;
  const { self } = turn.state.setup;
  if (!is) log(turn, WORDS.heldBackNoLonger(of.name));
  if (!is || better === undefined) return;
  log(turn, WORDS.heldBack(of.name, of.reach, better.name, better.reach));
  if (of.name === self)
    record(turn, { what: "fewer-ping-nodes", node: better.name, here: of.reach, there: better.reach });
}

function same(before: Disadvantages, next: Disadvantages): boolean {
  if (before.size !== next.size) return false;
  return [...next].every(([name, { since, lastAt, heldBack }]) => {
    const old = before.get(name);
    return old?.since === since && old?.lastAt === lastAt && old?.heldBack === heldBack;
  });
}
