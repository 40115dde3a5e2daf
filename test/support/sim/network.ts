// The simulated heartbeat media between two boxes: every frame sent on a medium may be lost, delayed, doubled or
// overtaken, in each direction by itself; a cut loses everything. The network remembers frames for those who replay them.

import type { Chance } from "./chance.ts";
import type { Schedule } from "./schedule.ts";

/** What one direction of one medium does to frames. */
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
  readonly from: string;
  readonly medium: string;
  /** Which start of the sender made it, and the number of its message; 0 for control messages. */
  readonly start: number;
  readonly order: number;
}

export type Receiver = (packet: Packet, to: string) => void;

/** Frames kept for replays. */
const RECORDED = 400;

export class Network {
  readonly recorded: Packet[] = [];
  /** What the media are like when nothing is wrong with them. */
  usual: Quality = GOOD;
  readonly #quality = new Map<string, Quality>();
  readonly #schedule: Schedule;
  readonly #chance: Chance;
  readonly #receive: Receiver;

  constructor(schedule: Schedule, chance: Chance, receive: Receiver) {
    this.#schedule = schedule;
    this.#chance = chance;
    this.#receive = receive;
  }

  quality(medium: string, from: string): Quality {
    return this.#quality.get(`${medium} ${from}`) ?? this.usual;
  }

  /** All media are as usual again. */
  repair(): void {
    this.#quality.clear();
  }

  set(medium: string, from: string, quality: Quality): void {
    this.#quality.set(`${medium} ${from}`, quality);
  }

  send(packet: Packet, to: string): void {
    this.recorded.push(packet);
    if (this.recorded.length > RECORDED) this.recorded.shift();
    const { cut, loss, duplicate, delay, jitter } = this.quality(packet.medium, packet.from);
    const copies = this.#chance.happens(duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (cut || this.#chance.happens(loss)) continue;
      this.#schedule.after(delay + this.#chance.between(0, jitter), () => this.#receive(packet, to));
    }
  }
}
