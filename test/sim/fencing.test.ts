// A pair whose nodes fence each other under every misfortune the simulator knows, for a fixed share of processor time: nobody
// ever has what another one may still have. A core that does not wait for the switch must be found out.

import { expect, test } from "vitest";
import { type FencingRun, runFencingSeed } from "../support/sim/fencing-story.ts";
import { type Logic, REAL } from "../support/sim/logic.ts";

const STORY = 60_000;
const SEEDS = 40;
/** Processor seconds. */
const BUDGET = 5;

test("a silent node is off before anything of it is taken, and the pair comes to rest", () => {
  const fresh = Math.floor(Math.random() * 0x1_0000_0000);
  const started = process.cpuUsage();
  const results: FencingRun[] = [];
  for (const seed of [fresh, ...Array.from({ length: SEEDS }, (_, index) => index + 1)]) {
    const { user, system } = process.cpuUsage(started);
    if ((user + system) / 1e6 > BUDGET) break;
    results.push(runFencingSeed(seed, STORY));
  }
  const sum = (count: (run: FencingRun) => number): number =>
    results.reduce((all, run) => all + count(run), 0);
  const hours = sum(({ ms }) => ms) / 3_600_000;
  const [moves, fenced] = [sum((run) => run.moves), sum((run) => run.fenced)];
  console.log(
    `simulated ${hours.toFixed(2)} h of fencing with ${results.length} seeds (fresh one: ${fresh}), ` +
      `${fenced} boxes switched off, ${moves} address changes`,
  );
  const failures = results.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  expect(
    failures.map(({ reason, trace }) => `${reason}\n${trace.split("\n").slice(-60).join("\n")}`),
  ).toEqual([]);
  expect(fenced).toBeGreaterThan(results.length);
});

/** By what is wrong with them. */
const PLANTED: Readonly<Record<string, Logic>> = {
  "takes over without waiting": {
    ...REAL,
    createNode: (cluster, setup) => {
      const nodes = cluster.nodes.map(({ fencing: _, ...node }) => node);
      return REAL.createNode({ ...cluster, nodes }, setup);
    },
  },
  "takes a failure of the switch for its success": {
    ...REAL,
    step: (state, event) =>
      REAL.step(
        state,
        event.type === "program-ended" ? { ...event, outcome: { kind: "exit", code: 0 } } : event,
      ),
  },
};

test.each(Object.entries(PLANTED))("a core that %s is found out", (_, logic) => {
  const finds = (seed: number): boolean =>
    runFencingSeed(seed, STORY, logic).failure?.reason.includes("fenced first") === true;
  expect([1, 2, 3, 4, 5, 6, 7, 8].some(finds)).toBe(true);
});
