// The pure core as the runtime drives it, in one value: the runtime knows when to call what, and nothing about what is decided.
// State is opaque here, so that no effect can peek into it.

import type { Action, WantedAddress } from "../core/action.ts";
import type { Address } from "../core/config/cluster.ts";
import type { Event, ObservedAddress } from "../core/event.ts";
import type { Change } from "../core/plan.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { Instant } from "../core/time.ts";

export interface NodeLogic<State> {
  readonly initial: State;
  step(state: State, event: Event): { readonly state: State; readonly actions: readonly Action[] };
  /** On the monotonic clock; undefined when the node waits for nothing. */
  nextWake(state: State): number | undefined;
  wantedAddresses(state: State): readonly WantedAddress[];
  /** The smallest list of changes, in the order to be made. */
  plan(
    wanted: readonly WantedAddress[],
    observed: readonly ObservedAddress[],
    managed: readonly Address[],
  ): readonly Change[];
  /** The addresses that are ours to add and to remove; every other one belongs to the box. */
  readonly managed: readonly Address[];
  takeSnapshot(state: State, now: Instant): Snapshot;
}
