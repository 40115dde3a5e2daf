// The addresses, routes and links of this box, as the kernel keeps them (rtnetlink), and ARP beside them.

import type { WantedAddress } from "../core/action.ts";
import type { Address } from "../core/config/cluster.ts";
import type { ObservedAddress, ObservedRoute } from "../core/event.ts";

export interface Link {
  readonly name: string;
  /** Lower-case, colon separated. */
  readonly mac: string;
  readonly up: boolean;
  readonly carrier: boolean;
}

/** What every port answers when the kernel refused: what was attempted, on what, and errno's name. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: string };

export interface Addresses {
  addresses(): readonly ObservedAddress[];
  routes(): readonly ObservedRoute[];
  links(): readonly Link[];
  add(address: WantedAddress): Outcome;
  remove(address: ObservedAddress): Outcome;
  /** Reports every change made by anybody, carrier changes included. */
  watch(sink: NetworkSink): void;
  close(): void;
}

export interface NetworkSink {
  changed(): void;
  carrier(interfaceName: string, up: boolean): void;
}

export interface Arp {
  /** Broadcasts one gratuitous ARP packet (RFC 5227 announcement form, or the unsolicited reply form). */
  announce(interfaceName: string, address: Address, form: "request" | "reply"): Outcome;
  /** Reports ARP packets in which a station with another hardware address claims one of `addresses()`. */
  watch(
    interfaceName: string,
    addresses: () => readonly Address[],
    rival: (address: Address, mac: string) => void,
  ): Outcome;
  close(): void;
}
