// Durations as people write them, and the milliseconds that come out (ha.cf: a bare number is seconds).

import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../firmware/core/config/duration.ts";

test.each([
  ["200ms", 200],
  ["2s", 2000],
  ["1m", 60_000],
  ["1 h", 3_600_000],
  ["1.5s", 1500],
  ["1.1", 1100],
  ["0.5", 500],
  [2, 2000],
  [0.2, 200],
  ["2000us", 2],
  ["250msec", 250],
  ["10 sec", 10_000],
  ["5min", 300_000],
  [" 7s ", 7000],
])("%j is %d ms", (written, expected) => {
  expect(parseDuration(written)).toBe(expected);
});

test.each([
  "",
  "s",
  "-1s",
  "+1s",
  -1,
  "1,5s",
  "1e3",
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  "10 minutes",
  "2S",
  "1s 5ms",
  "500us",
  "1.0005s",
  "0x10",
  "٣s",
  ".5s",
])("%j is no duration", (written) => {
  expect(parseDuration(written)).toBeUndefined();
});

test("every whole number of milliseconds is written so that it is read back", () => {
  const readBack = (value: number) => {
    expect(parseDuration(formatDuration(value))).toBe(value);
  };
  fc.assert(fc.property(fc.nat(86_400_000), readBack));
  for (const value of [0, 1, 999, 1000, 60_000, 90_000, 3_600_000]) readBack(value);
});
