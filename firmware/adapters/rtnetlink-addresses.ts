// The port Addresses through rtnetlink(7). Nothing is remembered but each link's last carrier, so that a change of anything
// else about a link is no carrier event.

import {
  addAddress,
  deleteAddress,
  listAddresses,
  listLinks,
  listRoutes,
  openMonitor,
} from "../../native/ipalias/index.ts";
import type { WantedAddress } from "../core/action.ts";
import type { ObservedAddress, ObservedRoute } from "../core/event.ts";
import type { Addresses, Link, NetworkSink, Outcome } from "../ports/network.ts";
import { codeOf, outcomeOf } from "./outcome.ts";

export class RtnetlinkAddresses implements Addresses {
  readonly #warn: (text: string) => void;
  #monitor: { close(): void } | undefined;

  /** `warn` is told when the kernel refuses to report changes. */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  addresses(): readonly ObservedAddress[] {
    return listAddresses().map(({ interface: name, address, prefixLength, label }) => ({
      interface: name,
      address,
      prefixLength,
      ...(label !== undefined && { label }),
    }));
  }

  routes(): readonly ObservedRoute[] {
    return listRoutes().map(({ destination, prefixLength, interface: name, gateway, metric }) => ({
      destination,
      prefixLength,
      interface: name,
      metric: metric ?? 0,
      ...(gateway !== undefined && { gateway }),
    }));
  }

  links(): readonly Link[] {
    return listLinks().map(({ name, mac, up, carrier }) => ({ name, mac, up, carrier }));
  }

  /** An address that is there already is as good as added. */
  add(address: WantedAddress): Outcome {
    return unless("EEXIST", () => addAddress(address));
  }

  /** An address that is gone already, or whose interface is, is as good as removed. */
  remove({ interface: name, address, prefixLength }: ObservedAddress): Outcome {
    const gone = unless("EADDRNOTAVAIL", () => deleteAddress({ interface: name, address, prefixLength }));
    return !gone.ok && gone.error.includes("ENODEV") ? { ok: true } : gone;
  }

  watch(sink: NetworkSink): void {
    const carriers = new Map(listLinks().map((link) => [link.name, link.carrier]));
    this.#monitor = openMonitor({
      onLink: ({ name, carrier }) => {
        if (carriers.get(name) === carrier) return;
        carriers.set(name, carrier);
        sink.carrier(name, carrier);
      },
      onAddress: () => sink.changed(),
      onRoute: () => sink.changed(),
      onError: (error) => this.#warn(error.message),
    });
  }

  close(): void {
    this.#monitor?.close();
    this.#monitor = undefined;
  }
}

/** Runs `action`; failing with `code` is success too. */
function unless(code: string, action: () => void): Outcome {
  return outcomeOf(() => {
    try {
      action();
    } catch (error) {
      if (codeOf(error) !== code) throw error;
    }
  });
}
