// The planned ends: a clean stop of the owner, and each contender's own ways to hand over and go on. A connection through the
// service address stays open all the while.

import { loadIn } from "../../test/support/remote.ts";
import { until } from "../../test/support/until.ts";
import type { Contender } from "./contender.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { serverAddress, serviceAddress } from "./laboratory.ts";
import { Pair, patience, pause } from "./pair.ts";
import type { Setting } from "./setting.ts";
import type * as Stream from "./stream.ts";

export interface HandOver {
  /** "clean stop", or the contender's own word. */
  readonly way: string;
  /** What the client sees: the longest time without an answer, milliseconds. */
  readonly blackout: Figures;
  /** The longest time without progress of an established TCP connection, milliseconds. */
  readonly stall: Figures;
  /** Connections that were reset or ended. */
  readonly lost: number;
}

const stream = new URL("stream.ts", import.meta.url);
const port = 4000;
/** What comes after the move, as a second owner's last words, belongs to it: so long is looked on, milliseconds. */
const aftermath = 1500;

export async function measureHandOvers(
  contender: Contender,
  setting: Setting,
  runs: number,
): Promise<readonly HandOver[]> {
  await using pair = await Pair.start(contender, setting);
  const ways = ["clean stop", ...Object.keys(pair.owner.daemon.handOver)];
  const measured: HandOver[] = [];
  for (const way of ways) measured.push(await measureWay(pair, way, runs));
  return measured;
}

async function measureWay(pair: Pair, way: string, runs: number): Promise<HandOver> {
  const { server, client, ping } = pair.lab;
  const listener = await loadIn<typeof Stream>(server, stream);
  const talker = await loadIn<typeof Stream>(client, stream);
  await listener.call("listen", port);
  const [blackouts, stalls]: [number[], number[]] = [[], []];
  let lost = 0;
  for (let run = 0; run < runs; run++) {
    await talker.call("talk", serverAddress, port);
    const from = performance.now();
    await move(pair, way);
    await ping.answered(performance.now(), patience);
    await pause(aftermath);
    blackouts.push(ping.longestBlackout(from).length);
    const { longest, ended } = await talker.call("hangUp");
    stalls.push(longest);
    if (ended) lost += 1;
    pair.swap();
    if (way === "clean stop") await pair.other.daemon.start();
    await pair.quiet();
  }
  await Promise.all([talker.close(), listener.close()]);
  return { way, blackout: figuresOf(blackouts), stall: figuresOf(stalls), lost };
}

async function move({ owner, other }: Pair, way: string): Promise<void> {
  const ask = way === "clean stop" ? () => owner.daemon.stop() : owner.daemon.handOver[way];
  if (ask === undefined) throw new Error(`nobody knows how to do a ${way}`);
  await ask();
  const moved = () => other.box.holds && !owner.box.holds;
  await until(`${serviceAddress} moves by ${way}`, moved, patience);
}
