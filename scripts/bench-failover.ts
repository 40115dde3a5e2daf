// What a client sees of a power cut, and what a daemon costs: two daemons in network namespaces, a client that pings the
// service address every 5 ms, the owner killed and its links cut. A run's blackout is the longest time without an answer.
// `node scripts/bench-failover.ts [RUNS]` prints the figures; the built binary is measured where there is one.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ClientPing } from "../test/support/client-ping.ts";
import { ClusterLab, type Director, fromSource } from "../test/support/cluster.ts";

const pingInterval = 5;
const patience = 20_000;
const binary = join(import.meta.dirname, "../dist/pulsebox");

export interface Blackout {
  /** Milliseconds. */
  readonly samples: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface BlackoutOptions {
  readonly runs: number;
  /** Milliseconds. */
  readonly keepalive: number;
  /** Milliseconds. */
  readonly deadtime: number;
}

export interface ProcessMemory {
  /** "ha (owner)" */
  readonly process: string;
  /** Proportional set size in KiB (proc(5), smaps_rollup). */
  readonly pss: number;
}

/** The binary if it was built, else the source tree. */
export function programUnderTest(): readonly string[] {
  return existsSync(binary) ? [binary] : fromSource;
}

/** Cuts the power of the owner again and again; the address stays with the survivor, who is the next owner to be cut. */
export async function measureBlackout({ runs, keepalive, deadtime }: BlackoutOptions): Promise<Blackout> {
  await using lab = await ClusterLab.create({
    keepalive: `${keepalive}ms`,
    deadtime: `${deadtime}ms`,
    initdead: `${Math.max(1000, 2 * deadtime)}ms`,
    autoFailback: "off",
    realtime: true,
    program: programUnderTest(),
  });
  await lab.start();
  await lab.settled(lab.director1);
  const ping = new ClientPing(lab.client, lab.vip, pingInterval);
  const samples: number[] = [];
  try {
    let [owner, other] = [lab.director1, lab.director2];
    for (let run = 0; run < runs; run++) {
      await ping.answered(performance.now(), patience);
      samples.push(await cut(owner, ping));
      await owner.powerOn(lab.vip);
      await lab.settled(other);
      [owner, other] = [other, owner];
    }
  } finally {
    await ping.stop();
  }
  return summary(samples);
}

async function cut(owner: Director, ping: ClientPing): Promise<number> {
  const from = performance.now();
  await owner.cutPower();
  await ping.answered(performance.now(), patience);
  return ping.longestBlackout(from).length;
}

function summary(samples: readonly number[]): Blackout {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { samples, median, min: at(0), max: at(sorted.length - 1) };
}

/** What the daemons of a running pair take, with locked memory as on a box. */
export async function measureMemory(): Promise<readonly ProcessMemory[]> {
  await using lab = await ClusterLab.create({ realtime: true, program: programUnderTest() });
  await lab.start();
  await lab.settled(lab.director1);
  return lab.directors.map((director, index) => ({
    process: index === 0 ? "ha (owner)" : "ha (standby)",
    pss: pssOf(director.pid),
  }));
}

function pssOf(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const found = /^Pss: +(\d+) kB$/m.exec(text);
  if (found === null) throw new Error(`/proc/${pid}/smaps_rollup has no Pss line`);
  return Number(found[1]);
}

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 20);
  const deadtime = 300;
  console.log(`program: ${programUnderTest().join(" ")}`);
  const { samples, median, min, max } = await measureBlackout({ runs, keepalive: 100, deadtime });
  console.log(`blackouts: ${samples.map((sample) => sample.toFixed(0)).join(" ")} ms`);
  console.log(
    `keepalive 100 ms, deadtime ${deadtime} ms, ${samples.length} runs: median ${median.toFixed(0)} ms, ` +
      `min ${min.toFixed(0)} ms, max ${max.toFixed(0)} ms (target at most ${deadtime + 50} ms)`,
  );
  for (const { process, pss } of await measureMemory())
    console.log(`memory (PSS): ${(pss / 1024).toFixed(1)} MiB  ${process}`);
}
