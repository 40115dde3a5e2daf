// A station on a segment, for arp.test.ts: one ArpSocket in a process of its own, so that two of them can stand in two namespaces.

import { type ArpForm, type ArpPacket, type ArpSocket, openArp } from "../../native/arp/index.ts";

export type Heard = { readonly packet: ArpPacket } | { readonly error: string };

let emit: (heard: Heard) => void = () => {};
let socket: ArpSocket | undefined;

export function connect(report: (heard: Heard) => void): void {
  emit = report;
}

export function open(interfaceName: string): string {
  socket = openArp(interfaceName);
  return socket.mac;
}

export function watch(): void {
  socket?.watch(
    (packet) => emit({ packet }),
    (error) => emit({ error: error.message }),
  );
}

export function announce(address: string, form: ArpForm): void {
  socket?.announce(address, form);
}

/** Twice, because both are allowed. */
export function close(): void {
  socket?.close();
  socket?.close();
}
