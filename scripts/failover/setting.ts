// The settings that are compared. A setting is heartbeat's pair of words, keepalive and deadtime; the others have their own
// words for it, and each contender says how it was given the same detection time, or the nearest that it has.

export interface Setting {
  /** Milliseconds. */
  readonly keepalive: number;
  /** Milliseconds: the detection time that every contender is given. */
  readonly deadtime: number;
}

export const slow: Setting = { keepalive: 2000, deadtime: 10_000 };
export const usual: Setting = { keepalive: 200, deadtime: 1000 };
export const brisk: Setting = { keepalive: 100, deadtime: 500 };
export const fast: Setting = { keepalive: 100, deadtime: 300 };
export const fastest: Setting = { keepalive: 10, deadtime: 30 };

/** "200 ms/1 s" */
export function nameOf({ keepalive, deadtime }: Setting): string {
  return `${duration(keepalive)}/${duration(deadtime)}`;
}

function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
