// ICMP echo to ping nodes: questions go out, and whatever echo replies this node gets come in.

import type { Address } from "../core/config/cluster.ts";

export interface Pinger {
  open(sink: PingerSink): void;
  /** Sends one echo request with that payload; never blocks and never throws: failures go to the sink. */
  ping(target: Address, payload: Uint8Array): void;
  close(): void;
}

export interface PingerSink {
  reply(source: Address, payload: Uint8Array): void;
  /** One line, with errno's name; each kind of failure once until the target could be asked again. */
  error(target: Address, message: string): void;
}
