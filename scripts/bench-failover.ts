// `npm run bench:failover`: ours, Debian's heartbeat, keepalived and ucarp in the same laboratory with the same client, in one
// run. Exit status 1 when ours misses a target or something could not be measured. Some 40 minutes on two cores; the load is
// printed because other work on the machine makes everything slower.

import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { bench, contenders } from "./failover/bench.ts";
import { programUnderTest } from "./failover/ours.ts";
import { report, targets } from "./failover/report.ts";
import { buildAddons } from "./native.ts";

const USAGE = `usage: npm run bench:failover -- [--runs N] [--only NAME,NAME] [--quick]
  --runs N     measurements of each kind (default 12; 3 with --quick)
  --only LIST  of ${contenders.map(({ name }) => name).join(",")}
  --quick      some 4 minutes: fewer runs, not at 2 s/10 s, ten seconds of idling`;

interface Options {
  readonly runs: number;
  readonly only: readonly string[];
  readonly quick: boolean;
}

function readOptions(args: readonly string[]): Options | undefined {
  const options = {
    runs: { type: "string" },
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const only = values.only.split(",").filter((name) => name !== "");
    const runs = Number(values.runs ?? (values.quick ? 3 : 12));
    const known = only.every((name) => contenders.some((contender) => contender.name === name));
    if (!known || !Number.isInteger(runs) || runs < 1) return undefined;
    return { runs, only, quick: values.quick };
  } catch {
    return undefined;
  }
}

function load(): string {
  return loadavg()
    .map((value) => value.toFixed(2))
    .join(" ");
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  await buildAddons();
  const started = performance.now();
  const minutes = () => `${((performance.now() - started) / 60_000).toFixed(1)} min`;
  for (const contender of contenders) {
    const why = contender.missing();
    if (why === undefined) continue;
    console.error(`bench:failover: ${contender.name} cannot run: ${why}`);
    return 1;
  }
  console.log(`program: ${programUnderTest().join(" ")}; load before: ${load()}`);
  const results = await bench({
    ...options,
    progress: (text) => console.log(`${minutes()}  ${text} (load ${load()})`),
  });
  console.log(`\n${report(results, options.runs)}\n\n${minutes()}, load after: ${load()}`);
  const met = targets(results).every((line) => line.startsWith("met"));
  return met && results.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
