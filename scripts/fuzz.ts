// `npm run fuzz`: feeds the decoders, the cluster file's reader and the core with what nobody should send, for as long as wanted.
// A failure is shrunk and printed with what replays it: --target NAME --seed S --path P. Exit status 1 when something failed.

import { parseArgs } from "node:util";
import fc from "fast-check";
import { type Target, targets } from "../test/support/fuzz/targets.ts";

const USAGE = `usage: npm run fuzz -- [--minutes M] [--target NAME] [--seed S [--path P]]
  --minutes M    how long altogether, shared by the targets (default 5)
  --target NAME  only ${Object.keys(targets).join(", ")}
  --seed S       plays one batch with this seed instead; with --path P the failing input alone`;

/** Between two looks at the clock, milliseconds. */
const batch = 5000;

interface Wishes {
  readonly minutes: number;
  readonly chosen: readonly [string, Target][];
  readonly seed?: number;
  readonly path?: string;
}

function readWishes(args: readonly string[]): Wishes | undefined {
  const options = {
    minutes: { type: "string", default: "5" },
    target: { type: "string" },
    seed: { type: "string" },
    path: { type: "string" },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const { target, path } = values;
    const [minutes, seed] = [Number(values.minutes), Number(values.seed ?? 0)];
    const chosen = Object.entries(targets).filter(([name]) => target === undefined || name === target);
    if (!(minutes > 0) || !Number.isInteger(seed) || chosen.length === 0) return undefined;
    return {
      minutes,
      chosen,
      ...(values.seed !== undefined && { seed }),
      ...(path !== undefined && { path }),
    };
  } catch {
    return undefined;
  }
}

async function fuzz(
  name: string,
  { property }: Target,
  ms: number,
  { seed, path }: Wishes,
): Promise<boolean> {
  const end = performance.now() + ms;
  let runs = 0;
  do {
    const left = Math.min(batch, end - performance.now());
    const result = await fc.check(property, {
      ...(seed !== undefined && { seed }),
      ...(path !== undefined && { path }),
      numRuns: seed === undefined ? Number.MAX_SAFE_INTEGER : 10_000,
      ...(seed === undefined && { interruptAfterTimeLimit: Math.max(100, left) }),
    });
    runs += result.numRuns;
    if (result.failed && result.counterexample !== null) {
      const replay = `npm run fuzz -- --target ${name} --seed ${result.seed} --path ${result.counterexamplePath}`;
      console.log(`${name}: FAILED after ${runs} runs\n${fc.defaultReportMessage(result)}\n\n${replay}`);
      return false;
    }
  } while (seed === undefined && performance.now() < end);
  console.log(`${name}: ${runs} runs, nothing found`);
  return true;
}

async function main(): Promise<number> {
  const wishes = readWishes(process.argv.slice(2));
  if (wishes === undefined) {
    console.error(USAGE);
    return 2;
  }
  let failed = 0;
  const share = (wishes.minutes * 60_000) / wishes.chosen.length;
  for (const [name, target] of wishes.chosen) if (!(await fuzz(name, target, share, wishes))) failed += 1;
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
