// The port Clock on CLOCK_MONOTONIC (clock_gettime(2), which process.hrtime reads) and the wall clock.
// Node's timers count whole milliseconds of libuv's cached loop time, so one may come up to a millisecond early; it is
// armed again then, because the contract is "at or after".

import type { Instant } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";

/** Node's timers overflow beyond a signed 32-bit number of milliseconds and would fire at once. */
const longestTimer = 2 ** 31 - 1;

function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Milliseconds: a timer that is later than that shows that the process was away. */
const punctual = 1;

export class SystemClock implements Clock {
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #at: number | undefined;
  #wake = (): void => {};

  now(): Instant {
    return { monotonic: monotonic(), wall: Math.floor(Date.now() / 1000) };
  }

  wakeAt(at: number | undefined, wake: () => void): void {
    this.#wake = wake;
    // Most events move no deadline.
    if (at === this.#at) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#at = at;
    if (at !== undefined) this.#arm(at);
  }

  #arm(at: number): void {
    const left = at - monotonic();
    if (left <= 0) this.#turn = setImmediate(() => this.#ring());
    else this.#timer = setTimeout(() => this.#due(at), Math.min(Math.ceil(left), longestTimer));
  }

  /**
   * Lets the sockets be read once before waking: after a pause of the process the timer is served first although the peer's
   * frames have long been waiting, and the peer must not be declared dead over that.
   */
  #due(at: number): void {
    const late = monotonic() - at;
    if (late >= 0 && late < punctual) this.#ring();
    else this.#arm(at);
  }

  #ring(): void {
    this.#at = undefined;
    this.#wake();
  }
}
