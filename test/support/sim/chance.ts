// All chance of a simulated run: one seeded stream, so that a seed is the whole run.

import { nextRandom } from "../../../firmware/core/random.ts";

export class Chance {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  /** A number in [from, to). */
  between(from: number, to: number): number {
    const { value, seed } = nextRandom(this.#seed);
    this.#seed = seed;
    return from + value * (to - from);
  }

  /** An integer from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return Math.floor(this.between(from, to + 1));
  }

  happens(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.integer(0, items.length - 1)] ?? items[0];
  }

  /** As events bring it to the core: an unsigned 32-bit number. */
  draw(): number {
    return this.integer(0, 0xffff_ffff);
  }

  /** A stream of its own: what is drawn from it leaves this one as it was. */
  fork(): Chance {
    return new Chance(this.draw());
  }
}
