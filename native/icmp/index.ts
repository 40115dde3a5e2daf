// ICMP echo (RFC 792 for IPv4, RFC 4443 for IPv6) on raw sockets, for heartbeat's ping nodes: requests with a payload, and the
// replies that carry this socket's identifier; replies to other programs of the box never get this far.
// Every error has `code` (errno's name), `errno` (negative) and a message such as
// "icmp: open a raw ICMP socket for IPv4: EPERM (Operation not permitted)".

import { integerWithin, withoutNul } from "../common/bounds.ts";
import { loadAddon } from "../load.ts";

export interface IcmpOptions {
  readonly family: 4 | 6;
  /** 0 to 65535, carried by every request and looked for in replies; ping(8) takes its process number. */
  readonly identifier: number;
}

/** The most that one echo carries, in bytes. */
export const longestPayload = 65_507;

export interface IcmpSocket {
  /**
   * Sends one echo request to an address of the socket's family at once or throws; never blocks. ENETUNREACH, EHOSTUNREACH:
   * no route. EMSGSIZE: more than `longestPayload` bytes. EINVAL: no such address. A target that is silent is no error.
   */
  send(target: string, sequence: number, payload: Uint8Array): void;
  /** Calls back for every reply with the echoed payload and the address that answered; once per socket. */
  watch(
    onReply: (payload: Uint8Array, source: string, sequence: number) => void,
    onError: (error: Error) => void,
  ): void;
  /** A second close does nothing; afterwards send throws EBADF. */
  close(): void;
}

interface Addon {
  readonly IcmpSocket: new (ipv6: boolean, identifier: number) => IcmpSocket;
}

const addon = loadAddon<Addon>("icmp");

/** Throws EPERM without CAP_NET_RAW (capabilities(7)), EAFNOSUPPORT on a kernel without that family. */
export function openIcmp({ family, identifier }: IcmpOptions): IcmpSocket {
  const socket = new addon.IcmpSocket(family === 6, integerWithin("identifier", identifier, 0, 0xffff));
  return {
    send: (target, sequence, payload) =>
      socket.send(withoutNul("target", target), integerWithin("sequence", sequence, 0, 0xffff), payload),
    watch: (onReply, onError) => socket.watch(onReply, onError),
    close: () => socket.close(),
  };
}
