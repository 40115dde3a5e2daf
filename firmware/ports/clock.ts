// Time and chance of the outside world; the runtime stamps each event with them.

import type { Instant } from "../core/time.ts";

export interface Clock {
  now(): Instant;
  /** Calls back once at or after the monotonic time given; a new call replaces the last one; undefined disarms. */
  wakeAt(monotonic: number | undefined, wake: () => void): void;
}

export interface Random {
  /** A uniformly distributed unsigned 32-bit number. */
  draw(): number;
}
