// The simulated heartbeat media: every frame on a wire may be lost, delayed, doubled or overtaken, from each end to each
// other by itself; a cut loses everything. Cables keep the order and take their time for each byte. The network remembers
// frames for those who replay them.

import { latin1Text } from "../../../firmware/core/heartbeat/text.ts";
import type { Chance } from "./chance.ts";
import type { Schedule } from "./schedule.ts";
import type { Topology, Wire } from "./topology.ts";

/** What one direction of one wire does to frames. */
export interface Quality {
  readonly cut: boolean;
  /** Probabilities, 0 to 1. */
  readonly loss: number;
  readonly duplicate: number;
  /** Milliseconds; each frame takes delay plus up to jitter, so frames overtake each other when jitter is large. */
  readonly delay: number;
  readonly jitter: number;
}

export const GOOD: Quality = { cut: false, loss: 0, duplicate: 0, delay: 0.2, jitter: 0.3 };

export interface Packet {
  readonly bytes: Uint8Array;
  /** The medium of the sender. */
  readonly medium: string;
  /** Whose message it is, which start of that node made it, and its number; 0 for control messages. */
  readonly author: string;
  readonly start: number;
  readonly order: number;
}

/** `medium` is the receiver's. */
export type Receiver = (packet: Packet, to: string, medium: string) => void;

/** Frames kept for replays. */
const RECORDED = 400;
/** What waits longer than so many ms to get on a cable is lost. */
const LONGEST_QUEUE = 1000;

export class Network {
  readonly recorded: Packet[] = [];
  readonly wires: Topology;
  /** What the wires are like when nothing is wrong with them. */
  usual: Quality = GOOD;
  /** When something about a wire last got worse or better, true ms. */
  changedAt = 0;
  readonly #quality = new Map<string, Quality>();
  readonly #busyUntil = new Map<string, number>();
  readonly #schedule: Schedule;
  readonly #chance: Chance;
  readonly #receive: Receiver;

  constructor(wires: Topology, schedule: Schedule, chance: Chance, receive: Receiver) {
    this.wires = wires;
    this.#schedule = schedule;
    this.#chance = chance;
    this.#receive = receive;
  }

  quality(wire: string, from: string, to: string): Quality {
    return this.#quality.get(`${wire} ${from} ${to}`) ?? this.usual;
  }

  /** The longest that a frame of the node may be under way, ms. */
  slowest(from: string): number {
    const qualities = this.wires.flatMap(({ name, ends, baud }) =>
      ends.map(({ node }) => ({
        ...this.quality(name, from, node),
        byte: baud === undefined ? 0 : 10_000 / baud,
      })),
    );
    return Math.max(...qualities.map(({ delay, jitter, byte }) => delay + jitter + byte * 2000));
  }

  /** All wires are as usual again. */
  repair(): void {
    this.#quality.clear();
    this.changedAt = this.#schedule.now;
  }

  /** Without `to`: towards all other ends. */
  set(wire: string, from: string, quality: Quality, to?: string): void {
    this.changedAt = this.#schedule.now;
    const ends = this.wires.find(({ name }) => name === wire)?.ends ?? [];
    if (!ends.some(({ node }) => node === from)) return;
    for (const { node } of ends) {
      if (to === undefined || node === to) this.#quality.set(`${wire} ${from} ${node}`, quality);
    }
  }

  /** `from` puts a frame on its medium. */
  send(bytes: Uint8Array, from: string, medium: string): void {
    const packet: Packet = { bytes, medium, ...identityOf(bytes) };
    this.recorded.push(packet);
    if (this.recorded.length > RECORDED) this.recorded.shift();
    for (const wire of this.wires) {
      if (!wire.ends.some((end) => end.node === from && end.medium.id === medium)) continue;
      for (const { node, medium: received } of wire.ends) {
        if (node !== from) this.#carry(packet, wire, from, node, received.id);
      }
    }
  }

  #carry(packet: Packet, wire: Wire, from: string, to: string, medium: string): void {
    const { cut, loss, duplicate, delay, jitter } = this.quality(wire.name, from, to);
    const onCable = this.#onCable(packet, wire, from, to);
    const copies = wire.baud === undefined && this.#chance.happens(duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (cut || onCable === undefined || this.#chance.happens(loss)) continue;
      const spread = wire.baud === undefined ? this.#chance.between(0, jitter) : 0;
      this.#schedule.after(onCable + delay + spread, () => this.#receive(packet, to, medium));
    }
  }

  /** How long until its last byte is out, ms; undefined when the queue is full. */
  #onCable({ bytes }: Packet, { name, baud }: Wire, from: string, to: string): number | undefined {
    if (baud === undefined) return 0;
    const { now } = this.#schedule;
    const direction = `${name} ${from} ${to}`;
    const free = Math.max(now, this.#busyUntil.get(direction) ?? 0);
    if (free - now > LONGEST_QUEUE) return undefined;
    const done = free + (bytes.length * 10_000) / baud;
    this.#busyUntil.set(direction, done);
    return done - now;
  }
}

const AUTHOR = /[)\n]src=([^,\n]+)/;
const GENERATION = /[)\n]hg=([0-9a-f]+)/;
const SEQUENCE = /[)\n]seq=([0-9a-f]+)/;

export function identityOf(bytes: Uint8Array): Pick<Packet, "author" | "start" | "order"> {
  const text = latin1Text(bytes);
  const hex = (pattern: RegExp): number => Number.parseInt(pattern.exec(text)?.[1] ?? "0", 16);
  return { author: AUTHOR.exec(text)?.[1] ?? "", start: hex(GENERATION), order: hex(SEQUENCE) };
}
