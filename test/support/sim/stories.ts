// What the simulator can play, by the names of `npm run sim -- --story`, and how a run that failed is seen again.

import { runFencingSeed } from "./fencing-story.ts";
import { runAmidFaults, runPingSeed } from "./ping-story.ts";
import { type RunOptions, type RunResult, runProgramsSeed, runSeed } from "./run.ts";

export interface Story {
  /** What it is about. */
  readonly title: string;
  /** Simulated minutes of a run before its end, in the tests. */
  readonly minutes: number;
  /** True when it can be told how many nodes there are. */
  readonly anyNodes?: boolean;
  play(options: RunOptions): RunResult;
}

export const STORIES = {
  cluster: {
    title: "crashes, cuts, pauses, operators and attackers",
    minutes: 4,
    anyNodes: true,
    play: runSeed,
  },
  resources: { title: "scripts that fail, hang and die as well", minutes: 4, play: runProgramsSeed },
  ipfail: { title: "ways to ping nodes", minutes: 3, play: runPingSeed },
  "ipfail-faults": { title: "ways to ping nodes amid all other faults", minutes: 3, play: runAmidFaults },
  fencing: { title: "nodes that switch each other off", minutes: 1, play: runFencingSeed },
} as const satisfies Readonly<Record<string, Story>>;

export type StoryName = keyof typeof STORIES;

/** What to print about a failed run: how to see it again first. */
export function failureReport(story: StoryName, { seed, asked, nodes, failure }: RunResult): string {
  const options = [
    ...(story === "cluster" ? [] : ["--story", story]),
    `--seed ${seed}`,
    ...(nodes === undefined ? [] : [`--nodes ${nodes}`]),
    ...(asked === STORIES[story].minutes * 60_000 ? [] : [`--minutes ${asked / 60_000}`]),
  ];
  return [
    `seed ${seed} breaks an invariant ${failure?.reason}`,
    `replay: npm run sim -- ${options.join(" ")} --trace`,
    "",
    failure?.trace.split("\n").slice(-60).join("\n"),
  ].join("\n");
}
