// The port Medium for heartbeat's bcast, ucast and mcast: one UDP socket bound to one interface (native/udp).
// A link that is missing, down or without an address is a state, not a failure: the medium keeps trying, and by itself works
// again when the link does.

import { openUdp, type UdpOptions, type UdpSocket } from "../../native/udp/index.ts";
import type { Medium, MediumSink } from "../ports/medium.ts";
import { codeOf, words } from "./outcome.ts";

/** Between two tries to open, in milliseconds: below the shortest sensible deadtime, and nothing to the processor. */
const retryInterval = 200;

/** The socket no longer fits the interface: it is gone, came back under another index, or has another broadcast address. */
const staleSocket = new Set(["ENODEV", "ENXIO", "EADDRNOTAVAIL", "EBADF"]);

export class UdpMedium implements Medium {
  readonly id: string;
  readonly #options: UdpOptions;
  /** Media that share this one's interface and port, by peer: the kernel hands a datagram to one socket only. */
  readonly #siblings: ReadonlyMap<string, UdpMedium>;
  readonly #reported = new Set<string>();
  #sink: MediumSink | undefined;
  #socket: UdpSocket | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(id: string, options: UdpOptions, siblings: ReadonlyMap<string, UdpMedium> = new Map()) {
    this.id = id;
    this.#options = options;
    this.#siblings = siblings;
  }

  open(sink: MediumSink): void {
    this.#sink = sink;
    this.#connect();
  }

  send(frame: Uint8Array): void {
    if (this.#socket === undefined) return;
    try {
      this.#socket.send(frame);
      this.#reported.clear();
    } catch (error) {
      this.#failed(error);
    }
  }

  async close(): Promise<void> {
    this.#sink = undefined;
    clearTimeout(this.#retry);
    this.#disconnect();
  }

  #connect(): void {
    try {
      const socket = openUdp(this.#options);
      this.#socket = socket;
      socket.watch(
        (bytes, source) => (this.#siblings.get(source) ?? this).#deliver(bytes, source),
        (error) => this.#failed(error),
      );
    } catch (error) {
      this.#report(error);
      this.#disconnect();
      this.#retry = setTimeout(() => this.#connect(), retryInterval);
    }
  }

  #deliver(bytes: Uint8Array, source: string): void {
    this.#sink?.frame(bytes, source);
  }

  #failed(error: unknown): void {
    this.#report(error);
    if (!staleSocket.has(codeOf(error))) return;
    this.#disconnect();
    clearTimeout(this.#retry);
    if (this.#sink !== undefined) this.#retry = setTimeout(() => this.#connect(), retryInterval);
  }

  #disconnect(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Each kind of error once until something could be sent again. */
  #report(error: unknown): void {
    const kind = codeOf(error);
    if (this.#reported.has(kind)) return;
    this.#reported.add(kind);
    this.#sink?.error(words(error));
  }
}
