// What the resource groups wait for: the next look at a running item, the next attempt to stop one, the next thought about a
// failed group. Only what is really done when its time comes may be among these, or the node would be woken for nothing.

import type { NodeState } from "../node.ts";
import { failureDeadline } from "./failure.ts";
import { groupAt, itemOf } from "./group-state.ts";
import { levelOf } from "./groups.ts";

/** Monotonic ms; undefined when they wait for nothing but the end of programs. */
export function nextResourceDeadline(state: NodeState): number | undefined {
  let soonest = Number.POSITIVE_INFINITY;
  for (const index of state.groups.keys()) {
    soonest = Math.min(soonest, failureDeadline(state, index) ?? soonest, nextItemDeadline(state, index));
  }
  return Number.isFinite(soonest) ? soonest : undefined;
}

function nextItemDeadline(state: NodeState, index: number): number {
  const { group } = groupAt(state, index);
  const level = levelOf(state, index);
  let soonest = Number.POSITIVE_INFINITY;
  for (const at of group.items.keys()) {
    const { phase, run, dueAt } = itemOf(group, at);
    if (run || dueAt === undefined) continue;
    if (phase === "stopping" || (phase === "running" && at < level)) soonest = Math.min(soonest, dueAt);
  }
  return soonest;
}
