// `npm run bench:load`: does anybody lose the address while other programs keep every core busy? Pairs of ours, heartbeat and
// keepalived run side by side at 100/300 ms; nothing happens to any of them, so every move of an address is a false one.
// Exit status 1 when the address of ours moved, was held twice or by nobody.

import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Contender } from "./failover/contender.ts";
import { table } from "./failover/figures.ts";
import { heartbeat } from "./failover/heartbeat.ts";
import { type Holdings, holdings } from "./failover/holdings.ts";
import { keepalived } from "./failover/keepalived.ts";
import { ours } from "./failover/ours.ts";
import { Pair, pause } from "./failover/pair.ts";
import { fast, nameOf } from "./failover/setting.ts";
import { buildAddons } from "./native.ts";

const contenders: readonly Contender[] = [ours, heartbeat, keepalived];

const USAGE = `usage: npm run bench:load -- [--minutes M] [--only NAME,NAME]
  --minutes M  how long every core is kept busy (default 10)
  --only LIST  of ${contenders.map(({ name }) => name).join(",")}`;

/** A program that never waits, one for each core. */
const busy = ["sh", "-c", "while :; do :; done"] as const;

interface Watched {
  readonly name: string;
  readonly pair: Pair;
  /** What each daemon had written when the load began. */
  readonly before: readonly string[];
}

interface Outcome extends Holdings {
  readonly name: string;
  /** What the client saw, milliseconds. */
  readonly blackout: number;
  readonly lateHeartbeats: number;
  readonly deaths: number;
}

async function watch(contender: Contender): Promise<Watched> {
  const pair = await Pair.start(contender, fast);
  return { name: contender.name, pair, before: await logsOf(pair) };
}

async function judge({ name, pair, before }: Watched, from: number, until: number): Promise<Outcome> {
  const said = (await logsOf(pair)).map((log, index) => log.slice(before[index]?.length)).join("");
  const [one, two] = pair.lab.boxes;
  return {
    name,
    ...holdings(one.changes, two.changes, from, until),
    blackout: pair.lab.ping.longestBlackout(from).length,
    lateHeartbeats: said.match(/late heartbeat/gi)?.length ?? 0,
    deaths: said.match(/ is dead$|: is dead|Entering MASTER STATE/gm)?.length ?? 0,
  };
}

function logsOf({ lab, owner, other }: Pair): Promise<string[]> {
  const [one] = lab.boxes;
  const sides = owner.box === one ? [owner, other] : [other, owner];
  return Promise.all(sides.map(({ daemon }) => daemon.log()));
}

async function measure(chosen: readonly Contender[], minutes: number): Promise<readonly Outcome[]> {
  const watched: Watched[] = [];
  const load: ChildProcess[] = [];
  try {
    for (const contender of chosen) watched.push(await watch(contender));
    const from = performance.now();
    const [program, ...args] = busy;
    for (let core = 0; core < availableParallelism(); core++) load.push(spawn(program, args));
    for (let minute = 0; minute < minutes; minute++) {
      await pause(Math.min(1, minutes - minute) * 60_000);
      console.log(`${minute + 1} min, load ${loadavg()[0]?.toFixed(2)}`);
    }
    const until = performance.now();
    return await Promise.all(watched.map((each) => judge(each, from, until)));
  } finally {
    for (const each of load) each.kill("SIGKILL");
    for (const { pair } of watched) await pair[Symbol.asyncDispose]();
  }
}

function report(outcomes: readonly Outcome[]): string {
  const heads = [
    "moves",
    "held twice, ms",
    "by nobody, ms",
    "client blackout, ms",
    "late heartbeats",
    "deaths",
  ];
  const rows = outcomes.map((each) => [
    each.name,
    `${each.moves}`,
    ...[each.longestTwice, each.longestNowhere, each.blackout].map((ms) => ms.toFixed(0)),
    `${each.lateHeartbeats}`,
    `${each.deaths}`,
  ]);
  return table([["", ...heads], ...rows]);
}

async function main(): Promise<number> {
  const options = {
    minutes: { type: "string", default: "10" },
    only: { type: "string", default: "" },
  } as const;
  const { values } = parseArgs({ options });
  const minutes = Number(values.minutes);
  const wanted = values.only.split(",").filter((name) => name !== "");
  const known = wanted.every((name) => contenders.some((contender) => contender.name === name));
  if (!(minutes > 0) || !known) {
    console.error(USAGE);
    return 2;
  }
  await buildAddons();
  const chosen = contenders.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  console.log(
    `${availableParallelism()} busy loops beside ${chosen.map(({ name }) => name).join(", ")} at ${nameOf(fast)}`,
  );
  const outcomes = await measure(chosen, minutes);
  console.log(report(outcomes));
  const own = outcomes.find(({ name }) => name === ours.name);
  return own === undefined || own.moves + own.longestTwice + own.longestNowhere + own.deaths === 0 ? 0 : 1;
}

process.exitCode = await main();
