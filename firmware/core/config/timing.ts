// The times of heartbeat (ha.cf: keepalive, warntime, deadtime, initdead, deadping) with their defaults.

import { formatDuration } from "./duration.ts";
import type { Remainder } from "./schema.ts";

/** All in milliseconds. */
export interface Timing {
  readonly keepalive: number;
  readonly warntime: number;
  readonly deadtime: number;
  readonly initdead: number;
  /** After so much silence a ping node is dead. */
  readonly deadping: number;
}

/** heartbeat's own default; below 10 s of deadtime so is the rule for initdead, above the longer one is ours. */
const leastInitdead = 12_000;

/**
 * The times in milliseconds, with heartbeat's defaults where the file is silent: keepalive 1 s, deadtime 30 s, warntime half
 * of deadtime, initdead twice deadtime and at least 12 s, deadping as deadtime.
 */
export function timingOf(heartbeat: NonNullable<Remainder["heartbeat"]>): Timing {
  const { keepalive = 1000, deadtime = 30_000 } = heartbeat;
  const { warntime = Math.floor(deadtime / 2), initdead = Math.max(2 * deadtime, leastInitdead) } = heartbeat;
  return { keepalive, warntime, deadtime, initdead, deadping: heartbeat.deadping ?? deadtime };
}

/** "deadtime (1s)"; says when the value is a default. */
export function spokenDuration(name: string, value: number, given: unknown): string {
  return `${name} (${formatDuration(value)}${given === undefined ? " by default" : ""})`;
}
