// The share of a story that `npm test` plays: fixed seeds, so that the same commit gives the same result, and a fresh one, so
// that what has been played grows with every run.

import { expect } from "vitest";
import { failureReport, STORIES, type StoryName } from "./stories.ts";

export interface Share {
  /** How many are fixed. */
  readonly seeds: number;
  /** Processor seconds; a slow machine plays fewer of the fixed seeds, and says so. */
  readonly budget: number;
}

type RunOf<N extends StoryName> = ReturnType<(typeof STORIES)[N]["play"]>;

/** Fails with what broke, or when the story did not move anything. */
export function playShare<N extends StoryName>(name: N, { seeds, budget }: Share): readonly RunOf<N>[] {
  const { title, minutes, play } = STORIES[name];
  const fresh = Math.floor(Math.random() * 0x1_0000_0000);
  const started = process.cpuUsage();
  const results: RunOf<N>[] = [];
  for (const seed of [fresh, ...Array.from({ length: seeds }, (_, index) => index + 1)]) {
    const { user, system } = process.cpuUsage(started);
    if ((user + system) / 1e6 > budget) break;
    results.push(play({ seed, ms: minutes * 60_000 }) as RunOf<N>);
  }
  const hours = results.reduce((sum, { ms }) => sum + ms, 0) / 3_600_000;
  const moves = results.reduce((sum, each) => sum + each.moves, 0);
  console.log(
    `simulated ${hours.toFixed(2)} h of ${title}, ${results.length} of ${seeds + 1} seeds (fresh one: ${fresh}), ` +
      `${moves} changes of owners`,
  );
  const failed = results.filter(({ failure }) => failure !== undefined);
  expect(failed.map((result) => failureReport(name, result))).toEqual([]);
  expect(moves).toBeGreaterThan(results.length);
  return results;
}
