// `npm run sim`: plays simulated clusters. --seed N plays one run, with --trace every event and action as it happens;
// --hours N plays fresh seeds until so much time has been simulated. Exit status 1 when an invariant broke.

import { parseArgs } from "node:util";
import { failureReport, type RunResult, runSeed } from "../test/support/sim/run.ts";

const USAGE = `usage: npm run sim -- [--seed N [--trace]] [--nodes N] [--hours H] [--minutes M]
  --seed N     plays the run of this seed again
  --trace      prints every event and action of it
  --nodes N    nodes of each cluster (default: two or three, by the seed)
  --hours H    simulated hours to play with fresh seeds (default 1)
  --minutes M  simulated minutes of each run before its end (default 4, as in the tests)`;

interface Wishes {
  readonly seed?: number;
  readonly trace: boolean;
  readonly nodes?: number;
  readonly hours: number;
  readonly ms: number;
}

function readWishes(args: readonly string[]): Wishes | undefined {
  const options = {
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    nodes: { type: "string" },
    hours: { type: "string", default: "1" },
    minutes: { type: "string", default: "4" },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const [seed, hours, minutes] = [values.seed ?? "0", values.hours, values.minutes].map(Number);
    if (seed === undefined || !Number.isInteger(seed) || seed < 0) return undefined;
    if (!(hours !== undefined && hours > 0 && minutes !== undefined && minutes > 0)) return undefined;
    const nodes = Number(values.nodes ?? "2");
    if (!Number.isInteger(nodes) || nodes < 2 || nodes > 9) return undefined;
    const given = {
      ...(values.seed !== undefined && { seed }),
      ...(values.nodes !== undefined && { nodes }),
    };
    return { ...given, trace: values.trace, hours, ms: minutes * 60_000 };
  } catch {
    return undefined;
  }
}

function playOne(seed: number, { ms, trace, nodes }: Wishes): RunResult {
  return runSeed({
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
  console.error(wishes.trace ? `seed ${failed.seed} ${failed.failure?.reason}` : failureReport(failed));
  return 1;
}

process.exitCode = main();
