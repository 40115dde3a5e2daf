// Time as the core sees it: a value that comes in with each event, and named deadlines kept in the state.
// Re-arming a name replaces its deadline, and the runtime only ever asks for the earliest one, so a stale
// firing cannot exist.

/** The moment an event happened. */
export interface Instant {
  /** Milliseconds of a clock that never steps (CLOCK_MONOTONIC), fractions allowed. */
  readonly monotonic: number;
  /** Whole seconds since 1970; only for what goes on the wire or into a log, never for a decision. */
  readonly wall: number;
}

/** Named deadlines on the monotonic clock, in milliseconds. */
export type Deadlines = ReadonlyMap<string, number>;

export function armed(deadlines: Deadlines, name: string, at: number): Deadlines {
  return new Map(deadlines).set(name, at);
}

export function disarmed(deadlines: Deadlines, name: string): Deadlines {
  if (!deadlines.has(name)) return deadlines;
  const rest = new Map(deadlines);
  rest.delete(name);
  return rest;
}

/** The earliest of these moments, or undefined when there is none. */
export function earliest(moments: Iterable<number>): number | undefined {
  let soonest: number | undefined;
  for (const at of moments) if (soonest === undefined || at < soonest) soonest = at;
  return soonest;
}

/** The names whose deadline has passed at `now`, earliest first. */
export function due(deadlines: Deadlines, now: number): readonly string[] {
  return [...deadlines]
    .filter(([, at]) => at <= now)
    .sort((a, b) => a[1] - b[1])
    .map(([name]) => name);
}
