// The port Random from the kernel's generator (getrandom(2), through node:crypto). Drawn in blocks: one call per event
// would cost more than the event.

import { randomFillSync } from "node:crypto";
import type { Random } from "../ports/clock.ts";

const blockLength = 256;

export class SystemRandom implements Random {
  readonly #block = new Uint32Array(blockLength);
  #used = blockLength;

  draw(): number {
    if (this.#used === blockLength) {
      randomFillSync(this.#block);
      this.#used = 0;
    }
    const drawn = this.#block[this.#used] ?? 0;
    this.#used += 1;
    return drawn;
  }
}
