// The kernel of a simulated box: its addresses and routes. It outlives the process, not the power.

import type { WantedAddress } from "../../../firmware/core/action.ts";
import type { ObservedAddress } from "../../../firmware/core/event.ts";
import type { Change } from "../../../firmware/core/plan.ts";

export class SimulatedKernel {
  readonly #base: readonly ObservedAddress[];
  addresses: readonly ObservedAddress[];
  /** While true, nothing can be added. */
  refusing = false;

  constructor(base: readonly ObservedAddress[]) {
    this.#base = base;
    this.addresses = base;
  }

  has(address: string): boolean {
    return this.addresses.some((each) => each.address === address);
  }

  /** The error, or undefined when it was done. */
  apply(change: Change): string | undefined {
    if (change.type === "remove") {
      this.addresses = this.addresses.filter((each) => !isSame(each, change.address));
      return undefined;
    }
    if (this.refusing) return `adding ${change.address.address}: ENOBUFS`;
    const { interface: name, address, prefixLength, label } = change.address;
    this.addresses = [...this.addresses, { interface: name, address, prefixLength, label }];
    return undefined;
  }

  /** What a power cut leaves: the addresses that the box has from its own configuration. */
  reset(): void {
    this.addresses = this.#base;
    this.refusing = false;
  }
}

function isSame(a: ObservedAddress, b: ObservedAddress | WantedAddress): boolean {
  return a.interface === b.interface && a.address === b.address && a.prefixLength === b.prefixLength;
}
