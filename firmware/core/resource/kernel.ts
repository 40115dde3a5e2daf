// What this node knows of its kernel's addresses and routes, and how it gets them to be as wanted: ask for a plan when
// something differs, ask at once when something else differs, and ask again with growing pauses when nothing helps.

import type { Address } from "../config/cluster.ts";
import type { ObservedAddress, ObservedRoute } from "../event.ts";
import type { Change } from "../plan.ts";

export interface Kernel {
  /** False until the first `observed`: before that nothing may be claimed. */
  readonly known: boolean;
  readonly addresses: readonly ObservedAddress[];
  readonly routes: readonly ObservedRoute[];
  /** The changes asked for and not yet seen; empty when all is as wanted. */
  readonly asked: string;
  /** Additions asked for since the last `observed`: they may be there already. */
  readonly adding: readonly Address[];
  /** When to ask for the same again, monotonic ms, and how often that was done. */
  readonly askAgainAt: number;
  readonly attempts: number;
  /** The last error of each address that could not be changed. */
  readonly failures: ReadonlyMap<Address, string>;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

export const UNKNOWN_KERNEL: Kernel = {
  known: false,
  addresses: [],
  routes: [],
  asked: "",
  adding: [],
  askAgainAt: 0,
  attempts: 0,
  failures: new Map(),
};

/** Whether a plan is to be applied now that `changes` are needed. The same value when nothing changed. */
export function pursue(
  kernel: Kernel,
  changes: readonly Change[],
  now: number,
): { readonly kernel: Kernel; readonly reconcile: boolean } {
  const needed = changes
    .map(({ type, address }) => `${type} ${address.interface} ${address.address}/${address.prefixLength}`)
    .join("; ");
  if (needed === "") {
    const idle = kernel.asked === "" && kernel.failures.size === 0;
    return {
      kernel: idle ? kernel : { ...kernel, asked: "", attempts: 0, failures: new Map() },
      reconcile: false,
    };
  }
  const attempts = needed === kernel.asked ? kernel.attempts + 1 : 0;
  if (attempts > 0 && now < kernel.askAgainAt) return { kernel, reconcile: false };
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempts, 10));
  const added = changes.filter(({ type }) => type === "add").map(({ address }) => address.address);
  const adding = [...new Set([...kernel.adding, ...added])];
  return { kernel: { ...kernel, asked: needed, adding, attempts, askAgainAt: now + pause }, reconcile: true };
}

/** What the kernel has now. */
export function observed(
  kernel: Kernel,
  addresses: readonly ObservedAddress[],
  routes: readonly ObservedRoute[],
): Kernel {
  return { ...kernel, known: true, addresses, routes, adding: [] };
}

/** Every address that the kernel has, or may have by now. */
export function possible(kernel: Kernel): ReadonlySet<Address> {
  return new Set([...kernel.addresses.map(({ address }) => address), ...kernel.adding]);
}

export function nextAttempt(kernel: Kernel): number | undefined {
  return kernel.asked === "" ? undefined : kernel.askAgainAt;
}

export function failed(kernel: Kernel, address: Address, error: string): Kernel {
  return { ...kernel, failures: new Map(kernel.failures).set(address, error) };
}
