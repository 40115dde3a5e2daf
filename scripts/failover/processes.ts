// What processes cost, from proc(5): processor time to the nanosecond (schedstat of each task) and the proportional set size,
// which shares out what several processes have in common (smaps_rollup).

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** `pid` and all its descendants. */
export function familyOf(pid: number): readonly number[] {
  const parents = new Map(running().map((each) => [each, parentOf(each)]));
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** All processes that run an executable below `path` in the network namespace that `holder` is in. */
export function runningBelow(path: string, holder: number): readonly number[] {
  const network = linkOf(holder, "ns/net");
  return running().filter((pid) => linkOf(pid, "exe").startsWith(path) && linkOf(pid, "ns/net") === network);
}

/** Nanoseconds of processor time so far, of all tasks together. */
export function processorTime(pids: readonly number[]): number {
  let total = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ")[0]);
    }
  }
  return total;
}

/** Proportional set size of all together, in KiB. */
export function memoryOf(pids: readonly number[]): number {
  let total = 0;
  for (const pid of pids) {
    const found = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
    if (found === null) throw new Error(`/proc/${pid}/smaps_rollup has no Pss line`);
    total += Number(found[1]);
  }
  return total;
}

/** SIGKILL to all, as fast as they can be named. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // One that ended by itself meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function running(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

function linkOf(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return "";
  }
}
