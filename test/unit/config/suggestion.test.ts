// Which word was meant.

import { expect, test } from "vitest";
import { editDistance, nearest } from "../../../firmware/core/config/suggestion.ts";

test.each([
  ["keepaliv", "keepalive", 1],
  ["kepealive", "keepalive", 1],
  ["", "abc", 3],
  ["same", "same", 0],
  ["wlcc", "wlc", 1],
  ["kitten", "sitting", 3],
])("from %j to %j it is %d steps", (from, to, steps) => {
  expect(editDistance(from, to)).toBe(steps);
});

test.each([
  ["keepaliv", ["keepalive", "deadtime"], "keepalive"],
  ["dead-time", ["deadtime"], "deadtime"],
  ["Gateway", ["gateway"], "gateway"],
  ["colour", ["keepalive", "deadtime"], undefined],
  ["eth7", ["eth0", "eth1"], undefined],
  ["x".repeat(5000), ["y".repeat(5000)], undefined],
])("%.20s is meant to be one of %.40j: %s", (word, allowed, expected) => {
  expect(nearest(word, allowed)).toBe(expected);
});
