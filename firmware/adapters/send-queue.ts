// The frames that wait for a serial line, which carries a few frames a second. What is left out or overtaken is asked for
// again by the receiver, and the questions and answers cost more than it saved. So frames keep their turn; only a heartbeat
// (a frame with a topic) is put before some of them where it would come too long after the one before it. When what waits is
// worth seconds, the line is held up or too slow: then the newest heartbeat goes first, older ones become as ordinary as other
// frames, and what there is no room for is dropped, oldest first.

/** ms; when more waits than the line carries in this time, heartbeats overtake everything. */
const LONG = 2500;
/** ms; what the line carries in this time may wait, and so many bytes at most. */
const MOST_WAITING = 4000;
const MOST_BYTES = 32 * 1024;

interface Waiting {
  readonly frame: Uint8Array;
  readonly topic?: string;
}

export class SendQueue {
  /** Bytes, as all the limits are. */
  readonly #spacing: number;
  readonly #long: number;
  readonly #most: number;
  #waiting: Waiting[] = [];

  /** `bytesPerSecond` is what the line carries; `patience` is how many ms may lie between two frames with the same topic. */
  constructor(bytesPerSecond: number, patience: number) {
    const carriedIn = (ms: number): number => (bytesPerSecond * ms) / 1000;
    this.#spacing = carriedIn(patience);
    this.#long = Math.min(carriedIn(LONG), MOST_BYTES / 2);
    this.#most = Math.min(carriedIn(MOST_WAITING), MOST_BYTES);
  }

  get bytes(): number {
    return this.#waiting.reduce((sum, { frame }) => sum + frame.length, 0);
  }

  /** Returns how many frames were dropped to make room. */
  put(frame: Uint8Array, topic?: string): number {
    // Whoever misses something asks more than once while the answer waits here.
    if (this.#waiting.some((each) => Buffer.compare(each.frame, frame) === 0)) return 0;
    if (topic === undefined) {
      this.#waiting.push({ frame });
    } else {
      const place = this.#placeOf(topic);
      this.#waiting.splice(place, 0, { frame, topic });
    }
    return this.#makeRoom();
  }

  take(): Uint8Array | undefined {
    return this.#waiting.shift()?.frame;
  }

  clear(): void {
    this.#waiting = [];
  }

  #placeOf(topic: string): number {
    if (this.bytes > this.#long) return this.#front(topic);
    let between = 0;
    const last = this.#waiting.findLastIndex((each) => each.topic === topic);
    for (const [index, { frame }] of this.#waiting.entries()) {
      if (index <= last) continue;
      between += frame.length;
      if (between > this.#spacing) return index;
    }
    return this.#waiting.length;
  }

  /** Before all but the newest frames with other topics. */
  #front(topic: string): number {
    const older = this.#waiting.map((each) => (each.topic === topic ? { frame: each.frame } : each));
    const others = older.filter((each) => each.topic !== undefined);
    this.#waiting = [...others, ...older.filter((each) => each.topic === undefined)];
    return others.length;
  }

  /** A frame that is longer than all that may wait is sent all the same, alone. */
  #makeRoom(): number {
    let dropped = 0;
    while (this.#waiting.length > 1 && this.bytes > this.#most) {
      const oldest = this.#waiting.findIndex((each) => each.topic === undefined);
      this.#waiting.splice(Math.max(0, oldest), 1);
      dropped += 1;
    }
    return dropped;
  }
}
