// The addresses, links and routes of this box: read from the kernel and changed in it by rtnetlink(7), for IPv4 and IPv6.
// A virtual IP address is an address like any other here; a label ("eth0:1") shows it the way ifconfig's aliases did.
// Nothing is cached: each call asks the kernel. Changing anything needs CAP_NET_ADMIN (otherwise EPERM).
// Errors carry errno's name in `code`, and the kernel's own explanation in `message` where it sent one.

import { loadAddon } from "../load.ts";

export interface NewAddress {
  readonly interface: string;
  /** Dotted decimal, or IPv6 as in RFC 5952. */
  readonly address: string;
  readonly prefixLength: number;
  /** IPv4 only; without it the address has none. */
  readonly broadcast?: string;
  /** IPv4 only; must begin with the interface's name, at most 15 bytes. Without it the kernel takes the interface's name. */
  readonly label?: string;
}

export interface InterfaceAddress {
  readonly interface: string;
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number;
  readonly broadcast?: string;
  readonly label?: string;
  /** "global", "site", "link", "host", "nowhere", or the number of another scope. */
  readonly scope: string;
  /** IPv4: another address of the same subnet came first; see `deleteAddress`. */
  readonly secondary: boolean;
}

export interface InterfaceLink {
  readonly index: number;
  readonly name: string;
  /** What a virtual link is ("veth", "bridge", "bond"); absent for hardware. */
  readonly kind?: string;
  /** Lower case with colons; empty for a link without hardware addresses. */
  readonly mac: string;
  /** Bytes. */
  readonly mtu: number;
  /** Set up by the administrator (IFF_UP). */
  readonly up: boolean;
  /** Up, and the driver hears the other end (IFF_LOWER_UP). */
  readonly carrier: boolean;
  readonly loopback: boolean;
}

/** A unicast route of the main table. The default route is 0.0.0.0/0 or ::/0. */
export interface Route {
  readonly destination: string;
  readonly prefixLength: number;
  readonly interface: string;
  readonly gateway?: string;
  /** Absent means 0: the route preferred to all others of its destination. */
  readonly metric?: number;
  /** The source address that the route suggests. */
  readonly source?: string;
}

export interface RouteLookUp {
  readonly interface: string;
  readonly source?: string;
  readonly gateway?: string;
}

export interface MonitorEvents {
  /** A link appeared or changed: its carrier, its state, its name. A removed link comes with `up` and `carrier` false. */
  onLink(link: InterfaceLink): void;
  /** An address came or went; what there is now is in `listAddresses`. */
  onAddress(): void;
  /** An IPv4 route came or went. */
  onRoute?(): void;
  onError(error: Error): void;
}

interface Native {
  addAddress(name: string, address: string, prefixLength: number, broadcast?: string, label?: string): void;
  deleteAddress(name: string, address: string, prefixLength: number): void;
  listAddresses(): InterfaceAddress[];
  listLinks(): InterfaceLink[];
  listRoutes(): Route[];
  setLinkUp(name: string, up: boolean): void;
  addDefaultRoute(gateway: string, name?: string, metric?: number): void;
  lookUpRoute(address: string): Route;
  Monitor: new () => NativeMonitor;
}

interface NativeMonitor {
  watch(
    onChanges: (links: InterfaceLink[], addresses: boolean, routes: boolean, overrun: boolean) => void,
    onError: (error: Error) => void,
  ): void;
  close(): void;
}

const native = (): Native => loadAddon<Native>("ipalias");

/**
 * Throws EEXIST if the interface has the address already (with this prefix length), ENODEV for an unknown interface, EINVAL for
 * what is not an address. An IPv6 address is tentative until duplicate address detection (RFC 4862) is through.
 */
export function addAddress(wanted: NewAddress): void {
  native().addAddress(wanted.interface, wanted.address, wanted.prefixLength, wanted.broadcast, wanted.label);
}

/**
 * Throws EADDRNOTAVAIL if the interface has no such address with this prefix length, ENODEV for an unknown interface.
 *
 * IPv4: deleting the first (primary) address of a subnet also deletes the later (secondary) ones of the same subnet, unless the
 * sysctl net.ipv4.conf.<interface or all>.promote_secondaries is 1; then the next one becomes primary. This function deletes
 * what it was asked to and leaves the rest to that setting: set it where an interface's own address may go before its VIPs.
 */
export function deleteAddress(address: Pick<NewAddress, "interface" | "address" | "prefixLength">): void {
  native().deleteAddress(address.interface, address.address, address.prefixLength);
}

/** All addresses in the kernel's order: IPv4 before IPv6, an interface's primary addresses before their secondaries. */
export function listAddresses(): InterfaceAddress[] {
  return native().listAddresses();
}

export function listLinks(): InterfaceLink[] {
  return native().listLinks();
}

/** Throws ENODEV for an unknown interface. Setting a link as it is changes nothing. */
export function setLinkUp(name: string, up: boolean): void {
  native().setLinkUp(name, up);
}

/** A multipath route gives one row for each next hop. */
export function listRoutes(): Route[] {
  return native().listRoutes();
}

/**
 * Makes `gateway` the default route of its family, in place of the one with the same metric (default: the kernel's own, 0 for
 * IPv4 and 1024 for IPv6). Throws ENETUNREACH when the gateway is in no subnet of this box (or of `interface`).
 */
export function addDefaultRoute(wanted: { gateway: string; interface?: string; metric?: number }): void {
  native().addDefaultRoute(wanted.gateway, wanted.interface, wanted.metric);
}

/** How a packet to `address` would leave now; for one of this box's own addresses by "lo". Throws ENETUNREACH if it would not. */
export function lookUpRoute(address: string): RouteLookUp {
  const { interface: name, source, gateway } = native().lookUpRoute(address);
  return {
    interface: name,
    ...(source !== undefined && { source }),
    ...(gateway !== undefined && { gateway }),
  };
}

/**
 * Reports changes made by anybody, this process included, until `close`. Several changes of addresses or of routes that arrive
 * together are one call. If the kernel had to drop notifications (ENOBUFS), every link, onAddress and onRoute are reported, so
 * that the caller reads everything again.
 */
export function openMonitor(events: MonitorEvents): { close(): void } {
  let open = true;
  const monitor = new (native().Monitor)();
  monitor.watch(
    (changed, addresses, routes, overrun) => {
      for (const link of overrun ? listLinks() : changed) {
        if (open) events.onLink(link);
      }
      if (open && (addresses || overrun)) events.onAddress();
      if (open && (routes || overrun)) events.onRoute?.();
    },
    (error) => events.onError(error),
  );
  return {
    close: () => {
      open = false;
      monitor.close();
    },
  };
}
