// The two sides of a pair: the resource groups that prefer this node (local) and those that prefer its peer (foreign).
// heartbeat's protocol speaks of nothing finer. A value is always relative to one node; `mirrored` is how the other sees it.

import type { ResourceScope } from "../event.ts";
import type { Holding } from "../heartbeat/body.ts";

export interface Sides {
  readonly local: boolean;
  readonly foreign: boolean;
}

export const NONE: Sides = { local: false, foreign: false };
export const ALL: Sides = { local: true, foreign: true };

/** The two keys in order, for going through both sides. */
export const SIDES = ["local", "foreign"] as const;
export type Side = (typeof SIDES)[number];

export function sidesOf(holding: Holding | ResourceScope): Sides {
  return {
    local: holding === "local" || holding === "all",
    foreign: holding === "foreign" || holding === "all",
  };
}

export function holdingOf({ local, foreign }: Sides): Holding {
  if (local) return foreign ? "all" : "local";
  return foreign ? "foreign" : "none";
}

/** The same groups as the other node names them. */
export function mirrored({ local, foreign }: Sides): Sides {
  return { local: foreign, foreign: local };
}

export function both(a: Sides, b: Sides): Sides {
  return { local: a.local && b.local, foreign: a.foreign && b.foreign };
}

export function either(a: Sides, b: Sides): Sides {
  return { local: a.local || b.local, foreign: a.foreign || b.foreign };
}

export function without(a: Sides, b: Sides): Sides {
  return { local: a.local && !b.local, foreign: a.foreign && !b.foreign };
}

export function isNone({ local, foreign }: Sides): boolean {
  return !local && !foreign;
}

/** True when every side of `part` is in `whole`. */
export function includes(whole: Sides, part: Sides): boolean {
  return isNone(without(part, whole));
}

export function sameSides(a: Sides, b: Sides): boolean {
  return a.local === b.local && a.foreign === b.foreign;
}

export function mirroredScope(scope: ResourceScope): ResourceScope {
  if (scope === "all") return "all";
  return scope === "local" ? "foreign" : "local";
}
