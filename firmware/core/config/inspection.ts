// What the rules see of a cluster file: the values that are well formed, and ways to point at any of them by path.
// Values that were refused are already taken out, so a rule that reasons from absence must ask whether that part of
// the file is intact, or it would report the consequences of another mistake.

import { formatDuration } from "./duration.ts";
import { type Ip, type Prefix, parseIp } from "./ip.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";

/** What the caller knows beyond the file. */
export interface Knowledge {
  /** Names of the boards that have a profile. */
  readonly boards?: readonly string[];
}

export interface Inspection {
  readonly file: Remainder;
  readonly knowledge: Knowledge;
  error(path: Path, message: string, suggestion?: string): void;
  warning(path: Path, message: string, suggestion?: string): void;
  /** "line 14": for a mention of the other place. */
  line(path: Path): string;
  /** True when nothing was taken out at or below `path`, nor the part that holds it. */
  intact(...path: Path): boolean;
  /** True when no key of the mapping at `path` was taken out; the values may have been damaged further down. */
  complete(...path: Path): boolean;
}

export type Rule = (inspection: Inspection) => void;

export interface InterfacePlace {
  readonly node: string;
  readonly name: string;
  readonly path: Path;
  readonly subnet?: Prefix;
  readonly gateway?: Ip;
}

/** All interfaces of all nodes, in the order of the file. */
export function interfacesOf(file: Remainder): readonly InterfacePlace[] {
  return Object.entries(file.nodes ?? {}).flatMap(([node, { interfaces }]) =>
    Object.entries(interfaces).map(([name, { address, gateway }]) => {
      const ip = address === undefined ? undefined : parseIp(address.address);
      const via = gateway === undefined ? undefined : parseIp(gateway);
      return {
        node,
        name,
        path: ["nodes", node, "interfaces", name],
        ...(ip === undefined || address === undefined
          ? {}
          : { subnet: { address: ip, length: address.prefixLength } }),
        ...(via === undefined ? {} : { gateway: via }),
      };
    }),
  );
}

export interface Timing {
  readonly keepalive: number;
  readonly warntime: number;
  readonly deadtime: number;
  readonly initdead: number;
}

/** heartbeat's own default; below 10 s of deadtime so is the rule for initdead, above the longer one is ours. */
const leastInitdead = 12_000;

/**
 * The four times in milliseconds, with heartbeat's defaults where the file is silent: keepalive 1 s, deadtime 30 s,
 * warntime half of deadtime, initdead twice deadtime and at least 12 s.
 */
export function timingOf(heartbeat: NonNullable<Remainder["heartbeat"]>): Timing {
  const { keepalive = 1000, deadtime = 30_000 } = heartbeat;
  const { warntime = Math.floor(deadtime / 2), initdead = Math.max(2 * deadtime, leastInitdead) } = heartbeat;
  return { keepalive, warntime, deadtime, initdead };
}

/** "deadtime (1s)"; says when the value is a default. */
export function spokenDuration(name: string, value: number, given: unknown): string {
  return `${name} (${formatDuration(value)}${given === undefined ? " by default" : ""})`;
}

/** Calls `twice` for each value that was seen before, with the place of the first. */
export function findRepeats(
  values: Iterable<readonly [value: string, path: Path]>,
  twice: (value: string, path: Path, first: Path) => void,
): void {
  const seen = new Map<string, Path>();
  for (const [value, path] of values) {
    const first = seen.get(value);
    if (first === undefined) seen.set(value, path);
    else twice(value, path, first);
  }
}
