// The frames that wait for a serial line. A line carries a few frames a second, so what waits must stay fresh and small:
// of two frames with the same topic only the newer one stays, frames with a topic do not wait behind many others, and
// what the line could not carry within seconds is dropped, oldest first; its receivers ask again for what they miss.

/** ms; so long a frame with a topic waits in its turn, which keeps the order of what is sent. */
const PATIENCE = 250;
/** ms; what the line carries in this time may wait. */
const MOST_WAITING = 4000;

interface Waiting {
  readonly frame: Uint8Array;
  readonly topic?: string;
}

export class SendQueue {
  readonly #promptBytes: number;
  readonly #mostBytes: number;
  #waiting: Waiting[] = [];

  /** `bytesPerSecond` is what the line carries. */
  constructor(bytesPerSecond: number) {
    this.#promptBytes = (bytesPerSecond * PATIENCE) / 1000;
    this.#mostBytes = (bytesPerSecond * MOST_WAITING) / 1000;
  }

  get bytes(): number {
    return this.#waiting.reduce((sum, { frame }) => sum + frame.length, 0);
  }

  /** Returns how many frames were dropped to make room; those overtaken by this one of the same topic are not counted. */
  put(frame: Uint8Array, topic?: string): number {
    if (topic === undefined) {
      this.#waiting.push({ frame });
    } else {
      this.#waiting = this.#waiting.filter((each) => each.topic !== topic);
      const first = this.#waiting.findIndex((each) => each.topic === undefined);
      const inTurn = first < 0 || this.bytes <= this.#promptBytes;
      this.#waiting.splice(inTurn ? this.#waiting.length : first, 0, { frame, topic });
    }
    return this.#makeRoom();
  }

  take(): Uint8Array | undefined {
    return this.#waiting.shift()?.frame;
  }

  clear(): void {
    this.#waiting = [];
  }

  /** A frame that is longer than all that may wait is sent all the same, alone. */
  #makeRoom(): number {
    let dropped = 0;
    while (this.#waiting.length > 1 && this.bytes > this.#mostBytes) {
      const oldest = this.#waiting.findIndex((each) => each.topic === undefined);
      this.#waiting.splice(Math.max(0, oldest), 1);
      dropped += 1;
    }
    return dropped;
  }
}
