// From what is wanted and what the kernel has to the smallest set of changes. Applying a plan and planning again gives
// nothing: whatever stopped half way, the next plan is right. Only managed addresses (the service addresses of the
// cluster file) are ever touched, and what must go goes before anything comes.

import type { WantedAddress } from "./action.ts";
import type { Address } from "./config/cluster.ts";
import type { ObservedAddress } from "./event.ts";

export type Change =
  | { readonly type: "add"; readonly address: WantedAddress }
  | { readonly type: "remove"; readonly address: ObservedAddress };

/**
 * Additions come in the order of `wanted`, removals in the reverse order of `managed`, as groups are acquired and
 * released. A service address on a wrong interface or with a wrong prefix is moved; a label alone moves nothing.
 */
export function plan(
  wanted: readonly WantedAddress[],
  observed: readonly ObservedAddress[],
  managed: Iterable<Address>,
): readonly Change[] {
  const order = new Map([...managed].map((address, at) => [address, at]));
  const removals = observed
    .filter((have) => order.has(have.address) && !wanted.some((want) => isSame(want, have)))
    .sort((a, b) => (order.get(b.address) ?? 0) - (order.get(a.address) ?? 0))
    .map((address): Change => ({ type: "remove", address }));
  const additions = wanted
    .filter((want) => order.has(want.address) && !observed.some((have) => isSame(want, have)))
    .map((address): Change => ({ type: "add", address }));
  return [...removals, ...additions];
}

function isSame(want: WantedAddress, have: ObservedAddress): boolean {
  return (
    want.address === have.address &&
    want.interface === have.interface &&
    want.prefixLength === have.prefixLength
  );
}
