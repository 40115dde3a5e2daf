// ARP (RFC 826) on one Ethernet interface: tells the segment that an address has moved here, and hears who else claims it.
// The announcements are those that the field relies on: routers and switches differ in which form makes them forget the old
// owner, so both exist. Needs CAP_NET_RAW; see packet(7).

import { loadAddon } from "../load.ts";

/**
 * "request" is the ARP announcement of RFC 5227, section 3: a broadcast request whose sender and target address are the address
 * announced and whose target hardware address is zero. "reply" is the unsolicited reply that Linux-HA's send_arp added to it:
 * operation 2, sender and target address again the address announced, target hardware address ff:ff:ff:ff:ff:ff.
 */
export type ArpForm = "request" | "reply";

/** One packet as heard; hardware addresses are lower case with colons, addresses dotted decimal. */
export interface ArpPacket {
  readonly operation: "request" | "reply";
  readonly senderMac: string;
  readonly senderAddress: string;
  readonly targetMac: string;
  readonly targetAddress: string;
}

export interface ArpSocket {
  /** The interface's hardware address, read anew each time. Throws ENODEV when the interface is gone. */
  readonly mac: string;
  /**
   * Broadcasts one gratuitous ARP packet with the interface's own hardware address. Throws EINVAL for anything but an IPv4
   * address, ENETDOWN when the interface is down, ENODEV or ENXIO when it is gone.
   */
  announce(address: string, form: ArpForm): void;
  /**
   * Reports every request and reply that others send, in order; malformed frames, other protocols and this box's own packets are
   * left out. ENETDOWN is reported when the interface goes down; packets come again when it is up again. A removed interface
   * reports ENETDOWN once and stays silent: open a new socket when its successor appears. Once per socket.
   */
  watch(onPacket: (packet: ArpPacket) => void, onError: (error: Error) => void): void;
  /** Ends the watch; more than once is allowed. Everything else throws EBADF afterwards. */
  close(): void;
}

interface Native {
  Socket: new (interfaceName: string) => NativeSocket;
}

interface NativeSocket extends Pick<ArpSocket, "watch" | "close"> {
  mac(): string;
  announce(address: string, isReply: boolean): void;
}

/** Loaded with the module: the first announcement is made when every millisecond counts. */
const addon = loadAddon<Native>("arp");

/** Throws EPERM without CAP_NET_RAW, ENODEV for an unknown interface, EAFNOSUPPORT if it is not Ethernet (the loopback). */
export function openArp(interfaceName: string): ArpSocket {
  const socket = new addon.Socket(interfaceName);
  return {
    get mac() {
      return socket.mac();
    },
    announce: (address, form) => socket.announce(address, form === "reply"),
    watch: (onPacket, onError) => socket.watch(onPacket, onError),
    close: () => socket.close(),
  };
}
