// `npm run cts`: rounds of Linux-HA's cluster test catalogue on two nodes, the second one of ours or of Debian's heartbeat.
// Exit status 1 when a scenario or an audit failed.

import { parseArgs } from "node:util";
import { Rounds } from "../test/support/cts/play.ts";
import { available } from "../test/support/netns.ts";
import { realHeartbeatAvailable } from "../test/support/real-heartbeat.ts";
import { buildAddons } from "./native.ts";

const USAGE = `usage: npm run cts -- [--rounds N] [--seed S] [--second pulsebox|heartbeat]
  --rounds N  how often the whole catalogue is played, in a new order each time (default 1)
  --seed S    the orders and choices of an earlier run
  --second W  what the second node runs (default pulsebox)`;

interface Wishes {
  readonly rounds: number;
  readonly seed: number;
  readonly second: "pulsebox" | "heartbeat";
}

function readWishes(args: readonly string[]): Wishes | undefined {
  const options = {
    rounds: { type: "string", default: "1" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    second: { type: "string", default: "pulsebox" },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    const [rounds, seed, { second }] = [Number(values.rounds), Number(values.seed), values];
    if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) return undefined;
    return second === "pulsebox" || second === "heartbeat" ? { rounds, seed, second } : undefined;
  } catch {
    return undefined;
  }
}

async function play({ rounds, seed, second }: Wishes): Promise<number> {
  const catalogue = new Rounds(second, seed, (text) => console.log(`  ${text}`));
  let failed = 0;
  console.log(`seed ${seed}, beside ${second}`);
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of catalogue.order()) {
      try {
        const { name, took } = await catalogue.play(scenario);
        console.log(`${round}  ok      ${(took / 1000).toFixed(1).padStart(5)} s  ${name}`);
      } catch (error) {
        failed += 1;
        console.log(`${round}  FAILED           ${(error as Error).message}`);
      }
    }
  }
  await catalogue.end();
  console.log(`${rounds} rounds, ${failed} failures`);
  return failed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const wishes = readWishes(process.argv.slice(2));
  if (wishes === undefined) {
    console.error(USAGE);
    return 2;
  }
  const why = wishes.second === "heartbeat" ? realHeartbeatAvailable() : available();
  if (why !== undefined) {
    console.error(`cts: ${why}`);
    return 1;
  }
  await buildAddons();
  return await play(wishes);
}

process.exitCode = await main();
