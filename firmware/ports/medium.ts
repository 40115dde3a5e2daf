// A heartbeat medium: carries whole frames, knows nothing about what is in them.

export interface Medium {
  /** Unique within the node: "bcast eth1". */
  readonly id: string;
  /** Starts receiving. One that cannot open yet (no interface, no carrier) keeps trying and reports each distinct error once. */
  open(sink: MediumSink): void;
  /**
   * Sends one frame; never blocks and never throws: failures go to the sink. Where frames have to wait long, the newest one
   * with a topic goes before all others.
   */
  send(frame: Uint8Array, topic?: string): void;
  close(): Promise<void>;
}

export interface MediumSink {
  /** `source` is the sender's address or the device; the bytes are the receiver's from now on and never change. */
  frame(bytes: Uint8Array, source: string): void;
  /** One line, with errno's name. */
  error(message: string): void;
  /** What the medium's own cable shows, beside what the network's interfaces show: the other end is gone, or is there again. */
  carrier(link: string, up: boolean): void;
}
