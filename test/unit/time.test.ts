// Named deadlines: re-arming replaces, so a stale firing cannot exist.

import { expect, test } from "vitest";
import { armed, disarmed, due, earliest } from "../../firmware/core/time.ts";

test("re-arming a name replaces its deadline", () => {
  const deadlines = armed(armed(new Map(), "deadtime n2", 100), "deadtime n2", 250);
  expect(earliest(deadlines.values())).toBe(250);
  expect(due(deadlines, 200)).toEqual([]);
});

test("what is due comes earliest first, and a disarmed name never fires", () => {
  const deadlines = armed(armed(armed(new Map(), "b", 20), "a", 10), "c", 5);
  expect(due(disarmed(deadlines, "c"), 20)).toEqual(["a", "b"]);
});

test("nothing armed has no earliest deadline", () => {
  expect(earliest([])).toBeUndefined();
});
