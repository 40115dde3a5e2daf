// `npm run sim`: plays simulated clusters. --story NAME says what happens to them; --seed N plays one run, with --trace every
// event and action as it happens; --hours N plays fresh seeds until so much time has been simulated. Exit status 1 when an
// invariant broke.

import { parseArgs } from "node:util";
import type { RunResult } from "../test/support/sim/run.ts";
import { failureReport, STORIES, type Story, type StoryName } from "../test/support/sim/stories.ts";

const stories: Readonly<Record<string, Story>> = STORIES;
const titles = Object.entries(stories).map(([name, { title }]) => `      ${name.padEnd(14)} ${title}`);

const USAGE = `usage: npm run sim -- [--story NAME] [--seed N [--trace]] [--nodes N] [--hours H] [--minutes M]
  --story NAME what happens to the clusters (default cluster):
${titles.join("\n")}
  --seed N     plays the run of this seed again
  --trace      prints every event and action of it
  --nodes N    nodes of each cluster, for the story cluster (default: two or three, by the seed)
  --hours H    simulated hours to play with fresh seeds (default 1)
  --minutes M  simulated minutes of each run before its end (default: as in the tests)`;

interface Wishes {
  readonly story: StoryName;
  readonly seed?: number;
  readonly trace: boolean;
  readonly nodes?: number;
  readonly hours: number;
  readonly ms: number;
}

function readWishes(args: readonly string[]): Wishes | undefined {
  const options = {
    story: { type: "string", default: "cluster" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    nodes: { type: "string" },
    hours: { type: "string", default: "1" },
    minutes: { type: "string" },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const { story } = values;
    if (!isStory(story)) return undefined;
    const length = values.minutes ?? STORIES[story].minutes;
    const [seed, hours, minutes] = [values.seed ?? "0", values.hours, length].map(Number);
    if (seed === undefined || !Number.isInteger(seed) || seed < 0) return undefined;
    if (!(hours !== undefined && hours > 0 && minutes !== undefined && minutes > 0)) return undefined;
    const nodes = Number(values.nodes ?? "2");
    if (!Number.isInteger(nodes) || nodes < 2 || nodes > 9) return undefined;
    if (values.nodes !== undefined && stories[story]?.anyNodes !== true) return undefined;
    const given = {
      ...(values.seed !== undefined && { seed }),
      ...(values.nodes !== undefined && { nodes }),
    };
    return { ...given, story, trace: values.trace, hours, ms: minutes * 60_000 };
  } catch {
    return undefined;
  }
}

function isStory(name: string): name is StoryName {
  return Object.hasOwn(STORIES, name);
}

function playOne(seed: number, { story, ms, trace, nodes }: Wishes): RunResult {
  return STORIES[story].play({
    seed,
    ms,
    ...(nodes !== undefined && { nodes }),
    ...(trace && { print: (line: string) => console.log(line) }),
  });
}

function playMany(wishes: Wishes): readonly RunResult[] {
  const results: RunResult[] = [];
  const first = Math.floor(Math.random() * 0x1_0000_0000);
  for (let simulated = 0, index = 0; simulated < wishes.hours * 3_600_000; index++) {
    const result = playOne((first + index) % 0x1_0000_0000, wishes);
    simulated += result.ms;
    results.push(result);
    if (result.failure !== undefined) break;
    if (index % 20 === 19) console.log(`${(simulated / 3_600_000).toFixed(2)} h, ${results.length} seeds`);
  }
  return results;
}

function main(): number {
  const wishes = readWishes(process.argv.slice(2));
  if (wishes === undefined) {
    console.error(USAGE);
    return 2;
  }
  const results = wishes.seed === undefined ? playMany(wishes) : [playOne(wishes.seed, wishes)];
  const failed = results.find(({ failure }) => failure !== undefined);
  const hours = results.reduce((sum, { ms }) => sum + ms, 0) / 3_600_000;
  const moves = results.reduce((sum, each) => sum + each.moves, 0);
  console.log(`simulated ${hours.toFixed(2)} h with ${results.length} seeds, ${moves} address changes`);
  if (failed === undefined) return 0;
  const { trace, story } = wishes;
  console.error(trace ? `seed ${failed.seed} ${failed.failure?.reason}` : failureReport(story, failed));
  return 1;
}

process.exitCode = main();
