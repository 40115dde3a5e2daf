// The order inside a group, from every state that its items can be in: what may be started and stopped next, which addresses
// are wanted and which are left alone.

import { assert, constantFrom, integer, property, record, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import { type Course, courseOf } from "../../../firmware/core/resource/course.ts";
import type { ItemPhase } from "../../../firmware/core/resource/group-state.ts";
import { STOPPED } from "../../../firmware/core/resource/group-state.ts";
import { resourceGroup } from "../../support/cluster-config.ts";

const WORDS = ["10.0.0.1", "10.0.0.2", "web", "ocf:heartbeat:Dummy", "10.0.0.3", "after"];
const CONFIG = resourceGroup({ node: "n1", group: WORDS });
const PHASES: readonly ItemPhase[] = [
  "unknown",
  "stopped",
  "starting",
  "running",
  "stopping",
  "failed",
  "stuck",
];

/** One word for each item: for an address "here" or "away", for the others their phase. */
function course(states: string, level: number): Course {
  const words = states.split(" ");
  const here = (address: string): boolean => words[WORDS.indexOf(address)] === "here";
  const items = words.map((word) => ({ ...STOPPED, phase: word as ItemPhase }));
  return courseOf(CONFIG, { items, restarts: [] }, level, { held: here, possible: here });
}

test.each<[string, string, number, Course]>([
  [
    "addresses at the head come together",
    "away away stopped stopped away stopped",
    6,
    { wanted: [0, 1], kept: [] },
  ],
  [
    "a script starts when all before it are there",
    "here here stopped stopped away stopped",
    6,
    { wanted: [0, 1], kept: [], start: 2 },
  ],
  ["and not before", "here away stopped stopped away stopped", 6, { wanted: [0, 1], kept: [] }],
  [
    "what is still starting is waited for",
    "here here running starting away stopped",
    6,
    { wanted: [0, 1], kept: [], start: 3 },
  ],
  [
    "an address in the middle waits for its script",
    "here here running running away stopped",
    6,
    { wanted: [0, 1, 4], kept: [] },
  ],
  [
    "a group that is there wants nothing but to stay",
    "here here running running here running",
    6,
    { wanted: [0, 1, 4], kept: [] },
  ],
  [
    "an address that somebody took away comes back while all else runs on",
    "away here running running here running",
    6,
    { wanted: [0, 1, 4], kept: [] },
  ],
  [
    "released from the end, and what is needed is kept",
    "here here running running here running",
    0,
    { wanted: [], kept: [0, 1, 4], stop: 5 },
  ],
  [
    "an address goes when what came after it is gone",
    "here here running running here stopped",
    0,
    { wanted: [], kept: [0, 1] },
  ],
  [
    "and only then what came before it",
    "here here running running away stopped",
    0,
    { wanted: [], kept: [0, 1], stop: 3 },
  ],
  [
    "what is stuck holds up everything before it",
    "here here running stuck away stopped",
    0,
    { wanted: [], kept: [0, 1], stop: 3 },
  ],
  [
    "a restart in place leaves alone what comes before",
    "here here running failed here running",
    3,
    { wanted: [0, 1], kept: [4], stop: 5 },
  ],
])("%s", (_, states, level, expected) => {
  expect(course(states, level)).toEqual(expected);
});

test("nothing is ever stopped before what comes after it is gone, or started before what comes before it is there", () => {
  const phases = integer({ min: 0, max: PHASES.length - 1 });
  const states = record({
    phases: uniqueArray(phases, { minLength: 3, maxLength: 3, selector: () => Symbol() }),
    here: constantFrom(0, 1, 2, 3, 4, 5, 6, 7),
    level: integer({ min: 0, max: 6 }),
  });
  assert(
    property(states, ({ phases: chosen, here, level }) => {
      const programs = chosen.map((index) => PHASES[index] ?? "stopped");
      const addresses = [0, 1, 2].map((bit) => ((here >> bit) & 1 ? "here" : "away"));
      const words = [addresses[0], addresses[1], programs[0], programs[1], addresses[2], programs[2]];
      const { start, stop, wanted, kept } = course(words.join(" "), level);
      const present = (at: number): boolean => words[at] !== "away" && words[at] !== "stopped";
      const there = (at: number): boolean => words[at] === "here" || words[at] === "running";
      const all = [0, 1, 2, 3, 4, 5];
      if (stop !== undefined) {
        expect(stop).toBeGreaterThanOrEqual(level);
        expect(all.filter((at) => at > stop && present(at))).toEqual([]);
      }
      if (start !== undefined) {
        expect(start).toBeLessThan(level);
        expect(all.filter((at) => at < start && !there(at))).toEqual([]);
        expect(all.filter((at) => at >= level && present(at))).toEqual([]);
      }
      for (const at of [...wanted, ...kept]) expect([0, 1, 4]).toContain(at);
      for (const at of wanted)
        expect(all.filter((each) => each < at && [2, 3].includes(each) && !there(each))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
