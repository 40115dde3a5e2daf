// Durations as ha.cf writes them: a number with a unit; a bare number is seconds, fractions are allowed (ha.cf(5)).
// Minutes and hours are ours. The result is whole milliseconds, because that is what the wire carries (`dt`).

const milliseconds: Readonly<Record<string, number>> = {
  us: 0.001,
  usec: 0.001,
  ms: 1,
  msec: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** Milliseconds; undefined when it is no duration, negative, or no whole number of milliseconds. */
export function parseDuration(value: string | number): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]*)$/.exec(String(value).trim());
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  const factor = unit === "" ? 1000 : milliseconds[unit];
  if (factor === undefined) return undefined;
  const exact = Number(digits) * factor;
  const whole = Math.round(exact);
  // 1.1 * 1000 is 1100.0000000000002: an error of the arithmetic, not of the file.
  return Math.abs(exact - whole) < 1e-6 ? whole : undefined;
}

/** The shortest form that parseDuration reads back: "200ms", "2s", "5m", "1h". */
export function formatDuration(duration: number): string {
  if (duration === 0 || duration % 1000 !== 0) return `${duration}ms`;
  if (duration % 3_600_000 === 0) return `${duration / 3_600_000}h`;
  return duration % 60_000 === 0 ? `${duration / 60_000}m` : `${duration / 1000}s`;
}
