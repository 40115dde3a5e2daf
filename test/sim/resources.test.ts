// Groups of scripts and agents under every misfortune the simulator knows, and some of their own: calls that fail, hang or
// take their time, services that die. The rules are those of test/support/sim/watch.ts and service-rules.ts.

import { expect, test } from "vitest";
import { failureReport, type RunResult, runSeed } from "../support/sim/run.ts";

const FIXED_SEEDS = 16;
const STORY = 240_000;
/** Processor seconds; a slow machine plays fewer of the fixed seeds, and says so. */
const BUDGET = 15;

test("groups of scripts keep order and owner through failing, hanging and slow programs", () => {
  const fresh = Math.floor(Math.random() * 0x1_0000_0000);
  const seeds = [fresh, ...Array.from({ length: FIXED_SEEDS }, (_, index) => index + 1)];
  const started = process.cpuUsage();
  const results: RunResult[] = [];
  for (const seed of seeds) {
    const { user, system } = process.cpuUsage(started);
    if ((user + system) / 1e6 > BUDGET) break;
    results.push(runSeed({ seed, ms: STORY, programs: true }));
  }
  const hours = results.reduce((sum, { ms }) => sum + ms, 0) / 3_600_000;
  const moves = results.reduce((sum, each) => sum + each.moves, 0);
  console.log(
    `simulated ${hours.toFixed(2)} h with ${results.length} of ${seeds.length} seeds (fresh one: ${fresh}), ` +
      `${moves} changes of addresses and services`,
  );
  expect(results.filter(({ failure }) => failure !== undefined).map(failureReport)).toEqual([]);
  expect(moves).toBeGreaterThan(results.length);
});
