// A pair whose nodes fence each other under every misfortune the simulator knows, for a fixed share of processor time: nobody
// ever has what another one may still have. A core that does not wait for the switch must be found out.

import { expect, test } from "vitest";
import { runFencingSeed } from "../support/sim/fencing-story.ts";
import { type Logic, REAL } from "../support/sim/logic.ts";
import { playShare } from "../support/sim/share.ts";

test("a silent node is off before anything of it is taken, and the pair comes to rest", () => {
  const results = playShare("fencing", { seeds: 40, budget: 5 });
  const fenced = results.reduce((sum, run) => sum + run.fenced, 0);
  console.log(`${fenced} boxes switched off`);
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
    runFencingSeed({ seed, ms: 60_000, logic }).failure?.reason.includes("fenced first") === true;
  expect([1, 2, 3, 4, 5, 6, 7, 8].some(finds)).toBe(true);
});
