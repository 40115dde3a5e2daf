// What a contender costs while nothing happens, and how it told the neighbours where the address is.

import type { Contender } from "./contender.ts";
import { serviceAddress } from "./laboratory.ts";
import { Pair, patience, pause } from "./pair.ts";
import { killAll, memoryOf, processorTime } from "./processes.ts";
import type { Setting } from "./setting.ts";

export interface Idle {
  /** Percent of one processor. */
  readonly owner: number;
  readonly standby: number;
  /** Proportional set size in KiB. */
  readonly memory: number;
  readonly processes: number;
  /** Gratuitous ARP packets in the first ten seconds after the take-over. */
  readonly announcements: number;
}

/** All repetitions of every contender lie within that, milliseconds. */
const announcing = 10_000;

/**
 * Looks on for `duration` milliseconds, after as long a time in which both have run in peace: what is idle has been so for long,
 * and what a daemon does in its first seconds (with Node.js, compiling itself) is no part of it.
 */
export async function measureIdle(contender: Contender, setting: Setting, duration: number): Promise<Idle> {
  await using pair = await Pair.start(contender, setting);
  const announcements = await countAnnouncements(pair);
  await pause(duration);
  const [owner, standby] = [pair.owner.daemon.processes(), pair.other.daemon.processes()];
  const before = [processorTime(owner), processorTime(standby)];
  const from = performance.now();
  await pause(duration);
  const passed = performance.now() - from;
  const after = [processorTime(owner), processorTime(standby)];
  const [atOwner = Number.NaN, atStandby = Number.NaN] = after.map(
    (spent, index) => ((spent - (before[index] ?? 0)) / 1e6 / passed) * 100,
  );
  return {
    owner: atOwner,
    standby: atStandby,
    memory: memoryOf(owner),
    processes: owner.length,
    announcements,
  };
}

/** Kills the owner and listens to the other at the client's: tcpdump(8). */
async function countAnnouncements(pair: Pair): Promise<number> {
  const filter = `arp and arp[14:4] = arp[24:4] and src host ${serviceAddress}`;
  const listener = pair.lab.client.spawn(["tcpdump", "--immediate-mode", "-n", "-l", "-i", "eth0", filter], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let heard = "";
  listener.stdout?.on("data", (chunk: Buffer) => {
    heard += chunk;
  });
  await new Promise((resolve) => listener.stderr?.once("data", resolve));
  const dead = pair.owner;
  const doomed = dead.daemon.processes();
  const from = performance.now();
  await dead.box.plug("down");
  killAll(doomed);
  await pair.other.box.took(from, patience);
  await pause(announcing);
  listener.kill("SIGKILL");
  pair.swap();
  await pair.revive(dead);
  await pair.quiet();
  return heard.split("\n").filter((line) => line !== "").length;
}
