// Two nodes and three under every misfortune the simulator knows; the rules are those of test/support/sim/watch.ts.

import { expect, test } from "vitest";
import { type RunResult, runSeed } from "../support/sim/run.ts";
import { playShare } from "../support/sim/share.ts";

test("two nodes, and three, keep every invariant through crashes, cuts, pauses, operators and attackers", () => {
  const results = playShare("cluster", { seeds: 24, budget: 40 });
  const longest = Math.max(...results.map(({ longestDouble }) => longestDouble));
  console.log(`longest double ownership after healing ${longest.toFixed(0)} ms\n${formsOf(results)}`);
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
