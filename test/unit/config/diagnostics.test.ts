// Offsets become lines and columns, and a place never reaches beyond its line.

import { expect, test } from "vitest";
import { collectProblems } from "../../../firmware/core/config/diagnostics.ts";

test.each([
  ["a place inside a line", "a: b\nc: d\n", 8, 9, [2, 4, 5]],
  ["a place that goes on to the next line", "a: b\nc: d\n", 3, 9, [1, 4, 5]],
  ["a place that goes on behind CR LF", "a: b\r\nc: d\r\n", 3, 9, [1, 4, 5]],
  ["the end of the file", "a: b\n", 5, 5, [2, 1, 1]],
  ["a place behind the end", "a: b", 90, 99, [1, 5, 5]],
  ["an empty file", "", 0, 1, [1, 1, 1]],
])("%s", (_, text, start, end, expected) => {
  const problems = collectProblems(text, "f");
  problems.error({ start, end }, "wrong");
  expect(problems.list().map(({ line, column, endColumn }) => [line, column, endColumn])).toEqual([expected]);
});

test("what is reported twice at one place is listed once, and the list is in the order of the file", () => {
  const problems = collectProblems("a\nb\n", "f");
  problems.warning({ start: 2, end: 3 }, "second");
  problems.error({ start: 0, end: 1 }, "first");
  problems.error({ start: 0, end: 1 }, "first");
  expect(problems.list().map(({ message }) => message)).toEqual(["first", "second"]);
});
