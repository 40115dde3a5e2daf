// UDP datagrams that leave and arrive by one interface only (ip(7), socket(7) SO_BINDTODEVICE), as heartbeat's bcast, ucast and
// mcast media need them: several of them share one port and must not hear each other's links. IPv4 only.
// Every error has `code` (errno's name), `errno` (negative) and a message such as
// "udp: open port 694 on eth1: ENODEV (No such device)".

import { integerWithin, withoutNul } from "../common/bounds.ts";
import { loadAddon } from "../load.ts";

export type UdpForm =
  /** To the interface's broadcast address; receives what was sent to it. Never leaves by a gateway. */
  | { readonly form: "broadcast" }
  /** To one peer; receives what was sent to this box alone, from anybody. */
  | { readonly form: "unicast"; readonly peer: string }
  | { readonly form: "multicast"; readonly group: string; readonly ttl: number; readonly loop: boolean };

export type UdpOptions = UdpForm & {
  readonly interface: string;
  /** 1 to 65535, for sending and receiving. */
  readonly port: number;
};

export interface UdpSocket {
  /** Sends at once or throws; never blocks. ENETDOWN, ENETUNREACH: no link. ENODEV, EADDRNOTAVAIL: close it and open anew. */
  send(bytes: Uint8Array): void;
  /** Calls back for every datagram with its sender's address; once per socket. */
  watch(onDatagram: (bytes: Uint8Array, source: string) => void, onError: (error: Error) => void): void;
  /** A second close does nothing; afterwards send throws EBADF. */
  close(): void;
}

interface Addon {
  readonly UdpSocket: new (
    interfaceName: string,
    port: number,
    form: string,
    destination: string,
    ttl: number,
    loop: boolean,
  ) => UdpSocket;
}

const addon = loadAddon<Addon>("udp");

/**
 * Opens and binds. Throws ENODEV (no such interface), EADDRNOTAVAIL (broadcast, and the interface has no address),
 * EACCES (port below 1024 without the privilege), EINVAL (peer or group is no IPv4 address).
 */
export function openUdp(options: UdpOptions): UdpSocket {
  const interfaceName = withoutNul("interface", options.interface);
  const port = integerWithin("port", options.port, 1, 65535);
  const open = (destination: string, ttl: number, loop: boolean): UdpSocket =>
    new addon.UdpSocket(interfaceName, port, options.form, withoutNul("destination", destination), ttl, loop);
  switch (options.form) {
    case "broadcast":
      return open("", 1, false);
    case "unicast":
      return open(options.peer, 1, false);
    case "multicast":
      return open(options.group, integerWithin("ttl", options.ttl, 0, 255), options.loop);
  }
}
