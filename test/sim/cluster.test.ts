// Two nodes and three under every misfortune the simulator knows, for a fixed share of processor time: fixed seeds, so that the
// same commit gives the same result, and one fresh seed, so that the share grows with every run.

import { expect, test } from "vitest";
import { failureReport, type RunResult, runSeed } from "../support/sim/run.ts";

const FIXED_SEEDS = 24;
const STORY = 240_000;
/** Processor seconds; a slow machine plays fewer of the fixed seeds, and says so. */
const BUDGET = 40;

test("two nodes, and three, keep every invariant through crashes, cuts, pauses, operators and attackers", () => {
  const fresh = Math.floor(Math.random() * 0x1_0000_0000);
  const seeds = [fresh, ...Array.from({ length: FIXED_SEEDS }, (_, index) => index + 1)];
  const started = process.cpuUsage();
  const results: RunResult[] = [];
  for (const seed of seeds) {
    const { user, system } = process.cpuUsage(started);
    if ((user + system) / 1e6 > BUDGET) break;
    results.push(runSeed({ seed, ms: STORY }));
  }
  const hours = results.reduce((sum, { ms }) => sum + ms, 0) / 3_600_000;
  const moves = results.reduce((sum, each) => sum + each.moves, 0);
  const longest = Math.max(...results.map(({ longestDouble }) => longestDouble));
  console.log(
    `simulated ${hours.toFixed(2)} h with ${results.length} of ${seeds.length} seeds (fresh one: ${fresh}), ` +
      `${moves} address changes, longest double ownership after healing ${longest.toFixed(0)} ms`,
  );
  console.log(formsOf(results));
  expect(results.filter(({ failure }) => failure !== undefined).map(failureReport)).toEqual([]);
  expect(moves).toBeGreaterThan(results.length);
});

/** Simulated hours by what was simulated. */
function formsOf(results: readonly RunResult[]): string {
  const hours = new Map<string, number>();
  for (const { form, ms } of results) hours.set(form, (hours.get(form) ?? 0) + ms / 3_600_000);
  return [...hours].map(([form, each]) => `${form}: ${each.toFixed(2)} h`).join("\n");
}

test("a seed replays to the same run", () => {
  const lines = (): string[] => {
    const seen: string[] = [];
    runSeed({ seed: 7, ms: 20_000, print: (line) => seen.push(line) });
    return seen;
  };
  const first = lines();
  expect(first.length).toBeGreaterThan(100);
  expect(lines()).toEqual(first);
});
