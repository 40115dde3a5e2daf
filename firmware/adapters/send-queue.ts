// The frames that wait for a serial line, which carries a few frames a second. What is left out or overtaken is asked for
// again by the receiver and then costs more than it saved, so frames keep their turn while the queue is short. When it is
// long, the line is held up or too slow, and what matters is that heartbeats go on: the newest frame with a topic goes first,
// the older ones with the same topic become as ordinary as the others, and what the line could not carry within seconds is
// dropped, oldest first.

/** ms; what the line carries in this time may wait, and so many bytes at most. */
const MOST_WAITING = 4000;
const MOST_BYTES = 32 * 1024;

interface Waiting {
  readonly frame: Uint8Array;
  readonly topic?: string;
}

export class SendQueue {
  readonly #promptBytes: number;
  readonly #mostBytes: number;
  #waiting: Waiting[] = [];

  /** `bytesPerSecond` is what the line carries; `patience` is how many ms a frame with a topic may wait in its turn. */
  constructor(bytesPerSecond: number, patience: number) {
    this.#promptBytes = (bytesPerSecond * patience) / 1000;
    this.#mostBytes = Math.min((bytesPerSecond * MOST_WAITING) / 1000, MOST_BYTES);
  }

  get bytes(): number {
    return this.#waiting.reduce((sum, { frame }) => sum + frame.length, 0);
  }

  /** Returns how many frames were dropped to make room. */
  put(frame: Uint8Array, topic?: string): number {
    // Whoever misses something asks more than once while the answer waits here.
    if (this.#waiting.some((each) => Buffer.compare(each.frame, frame) === 0)) return 0;
    if (topic === undefined) this.#waiting.push({ frame });
    else if (this.bytes <= this.#promptBytes) this.#waiting.push({ frame, topic });
    else this.#overtake(frame, topic);
    return this.#makeRoom();
  }

  take(): Uint8Array | undefined {
    return this.#waiting.shift()?.frame;
  }

  clear(): void {
    this.#waiting = [];
  }

  #overtake(frame: Uint8Array, topic: string): void {
    const rest = this.#waiting.map((each) => (each.topic === topic ? { frame: each.frame } : each));
    const before = rest.filter((each) => each.topic !== undefined);
    const behind = rest.filter((each) => each.topic === undefined);
    this.#waiting = [...before, { frame, topic }, ...behind];
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
