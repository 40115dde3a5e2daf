// Plays a story with a pulsebox beside a real heartbeat node and looks at what both logged. The measure of "logs nothing that
// it would not log beside its own kind" is a recording: with PULSEBOX_RECORD=1 the same stories are played by two real nodes,
// and what they warned of is written to test/golden/heartbeat/complaints.json, story by story.

import { readFileSync, writeFileSync } from "node:fs";
import { MixedCluster, type MixedOptions } from "./mixed-cluster.ts";
import { PLACES } from "./mixed-files.ts";
import { reasonToSkip } from "./netns.ts";
import type { NullModem } from "./null-modem.ts";
import { realHeartbeatAvailable } from "./real-heartbeat.ts";

const golden = new URL("../golden/heartbeat/complaints.json", import.meta.url);
const recording = process.env.PULSEBOX_RECORD === "1";

/** What a real node warns of whoever its peer is, and in one run but not in the next. */
const accidental = [
  /Core dumps could be lost|Consider setting .*core/, // the machine's core_pattern
  /Initial dead time \[\d+ ms\] may be too small/, // it wants 10 s, tests do not
  /Logging daemon is disabled/, // no logd, so that everything is in one file
  /No Previous generation/, // its first start
  /Cannot lock ourselves into memory/, // the machine's limit
  /G_SIG_dispatch|G\w*_dispatch(_int)?: Dispatch function/, // a busy machine: about its own main loop
  /Late heartbeat: Node \S+: interval \d+ ms/, // a busy machine, too
  /Shutdown delayed until current resource activity finishes/, // stopped while a script still runs
];

/**
 * What two real nodes do not say when a partition has healed, because both give everything up, wait and start anew: for some 16
 * seconds nobody serves. Ours keeps everything and says so, which is true, and is the word for which the real node waits to
 * restart itself.
 */
const TWO_OWNERS = [
  "ERROR: Both machines own SIDE resources!",
  // With auto_failback on it may offer ours its group before it restarts itself; ours takes nothing while both own it.
  "WARN: No reply to standby request.  Standby request cancelled.",
  "WARN: N lost packet(s) for [NODE] [N:N]",
];

/** What ours may log as errors when a partition has healed or a dead node's kernel still has its addresses. */
export const AFTER_PARTITION: readonly RegExp[] = [
  /returning after partition|Both machines own (our|foreign) resources/,
  /Service address \S+ is claimed by/,
];
export const AFTER_KILL: readonly RegExp[] = [/Service address \S+ is claimed by/];

export interface Story {
  /** Unique among all stories: what the recording is filed under. */
  readonly name: string;
  readonly options?: MixedOptions;
  /** Laid between the two, for `media: serial`. */
  readonly nullModem?: NullModem;
  /** True when ours keeps what it has and the real node therefore says that both own it. */
  readonly twoOwners?: boolean;
  /** Errors that ours may log. */
  readonly expected?: readonly RegExp[];
  /** By default both are started together and settle first. */
  readonly unstarted?: boolean;
}

/** Why no story can be played here, printed once by each test file. */
export function whyNotBeside(): string | undefined {
  return reasonToSkip("beside a real heartbeat node", realHeartbeatAvailable());
}

/** Throws when the real node complained of something that it does not complain of beside its own kind. */
export async function beside(story: Story, play: (cluster: MixedCluster) => Promise<void>): Promise<void> {
  const first = recording ? "heartbeat" : "pulsebox";
  const { options, nullModem } = story;
  const cluster = await MixedCluster.create({ ...options, first, ...(nullModem && { nullModem }) });
  try {
    if (story.unstarted !== true) await cluster.start();
    await play(cluster);
    if (recording) record(story.name, [await cluster.first.software.log(), await cluster.real.log()]);
    else await compare(story, cluster);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${await cluster.logs()}`, { cause: error });
  } finally {
    await cluster.dispose();
  }
}

async function compare(
  { name, expected = [], twoOwners = false }: Story,
  cluster: MixedCluster,
): Promise<void> {
  const known = recorded()[name];
  if (known === undefined) throw new Error(`no recording of "${name}"; make it with PULSEBOX_RECORD=1`);
  const allowed = twoOwners ? [...known, ...TWO_OWNERS] : known;
  const real = complaintsIn(await cluster.real.log()).filter((line) => !allowed.includes(line));
  const ours = cluster.ours.log
    .split("\n")
    .filter((line) => /\b(ERROR|CRIT)\b|Ignored frame/.test(line))
    .filter((line) => !expected.some((each) => each.test(line)));
  if (real.length + ours.length === 0) return;
  throw new Error(
    `new complaints of the real node: ${JSON.stringify(real)}, of ours: ${JSON.stringify(ours)}`,
  );
}

/** What is in the log of a real node and is not known from two real nodes that played the story `name`. */
export function complaintsBeyond(name: string, log: string): readonly string[] {
  const known = recorded()[name] ?? [];
  return complaintsIn(log).filter((line) => !known.includes(line));
}

function recorded(): Readonly<Record<string, readonly string[]>> {
  return JSON.parse(readFileSync(golden, "utf8")) as Record<string, string[]>;
}

/** Adds to what is there: where frames are lost, no run of the same story warns of all that another one warns of. */
function record(name: string, logs: readonly string[]): void {
  const lines = [...new Set([...(recorded()[name] ?? []), ...logs.flatMap(complaintsIn)])].sort();
  const all = Object.entries({ ...recorded(), [name]: lines }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(golden, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
}

/** Warnings and errors without time, process, and whatever differs from node to node and from run to run. */
function complaintsIn(log: string): string[] {
  const lines = withoutItsOwnFrames(log)
    .split("\n")
    .filter((line) => /\b(WARN|ERROR|CRIT|EMERG)\b/.test(line))
    .filter((line) => !accidental.some((each) => each.test(line)))
    .map((line) => line.replace(/^.*?\b(?=(?:WARN|ERROR|CRIT|EMERG)\b)/, ""));
  return [...new Set(lines.map(anonymous))];
}

/**
 * It hears its own broadcasts, and checks them with the key that it signs with by now: one that is on the way while its key is
 * replaced it calls false, whoever its peer is.
 */
function withoutItsOwnFrames(log: string): string {
  const refused =
    /^\w+ +\d+ \S+ (\S+) heartbeat: .*authtoken does not match[\s\S]*?MSG\[\d+\] : \[auth=.*\n/gm;
  return log.replace(refused, (block, node: string) => (block.includes(`[src=${node}]`) ? "" : block));
}

function anonymous(line: string): string {
  let text = line;
  for (const { name, lan, cable, vip } of PLACES) {
    text = text
      .replaceAll(name, "NODE")
      .replaceAll(vip, "VIP")
      .replaceAll(lan, "LAN")
      .replaceAll(cable, "CABLE");
  }
  // One node's own resources are foreign to the other one.
  text = text.replace(/\b(our|foreign) resources!/, "SIDE resources!");
  // A message that it drops, field by field: which one that is was chance.
  if (/MSG\[\d+\] : \[/.test(text)) return "WARN: MSG[N]";
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID").replace(/\b\d+\b/g, "N");
}
