// Sides: the resource groups that prefer a node are that node's side, and a set of sides is written as the names of those
// nodes. heartbeat's messages speak of nothing finer, and name a set relative to who speaks: "local" is the speaker's own
// side, "foreign" everybody else's.

import type { ClusterConfig } from "../config/cluster.ts";
import type { ResourceScope } from "../event.ts";
import type { Holding } from "../heartbeat/body.ts";

export type Sides = ReadonlySet<string>;

export const NONE: Sides = new Set();

/** Those of the nodes named. */
export function sidesIn(nodes: Iterable<string>): Sides {
  return new Set(nodes);
}

export function allSides({ nodes, resources }: ClusterConfig): Sides {
  return new Set([...nodes.map(({ name }) => name), ...resources.map(({ node }) => node)]);
}

/** What `holding` means when the node `speaker` says it. */
export function sidesOf(holding: Holding | ResourceScope, speaker: string, cluster: ClusterConfig): Sides {
  if (holding === "none") return NONE;
  if (holding === "local") return new Set([speaker]);
  const all = allSides(cluster);
  return holding === "all" ? all : without(all, new Set([speaker]));
}

/** How the node `speaker` names the sides; `foreign` as soon as one of the others' is among them. */
export function holdingOf(sides: Sides, speaker: string): Holding {
  const foreign = [...sides].some((side) => side !== speaker);
  if (sides.has(speaker)) return foreign ? "all" : "local";
  return foreign ? "foreign" : "none";
}

export function both(a: Sides, b: Sides): Sides {
  return new Set([...a].filter((side) => b.has(side)));
}

export function either(a: Sides, b: Sides): Sides {
  return new Set([...a, ...b]);
}

export function without(a: Sides, b: Sides): Sides {
  return new Set([...a].filter((side) => !b.has(side)));
}

export function isNone(sides: Sides): boolean {
  return sides.size === 0;
}

/** True when every side of `part` is in `whole`. */
export function includes(whole: Sides, part: Sides): boolean {
  return [...part].every((side) => whole.has(side));
}

export function sameSides(a: Sides, b: Sides): boolean {
  return a.size === b.size && includes(a, b);
}

export function mirroredScope(scope: ResourceScope): ResourceScope {
  if (scope === "all") return "all";
  return scope === "local" ? "foreign" : "local";
}
