// CTS's audits: what must be true of the whole cluster between two scenarios, looked at from outside, and of a box on which
// nothing runs any more. An audit throws with everything it found.

import { readdir, readlink } from "node:fs/promises";
import type { MixedCluster } from "../mixed-cluster.ts";
import type { Seat } from "../seat.ts";

/** What no log may say: heartbeat's own words for what must not happen, our word for a defect, and stack traces. */
const forbidden = /Both machines own|Defect while|^\s+at \S+ \(|Uncaught|Segmentation fault|core dumped/;

/** Where in each log the scenario began. */
export type LogMarks = readonly number[];

export async function markLogs(cluster: MixedCluster): Promise<LogMarks> {
  return (await logsOf(cluster)).map((log) => log.length);
}

/** One owner for each address in the kernels, the client finds it there, and the logs since `marks` say nothing forbidden. */
export async function audit(cluster: MixedCluster, marks: LogMarks, allowed?: RegExp): Promise<void> {
  const found: string[] = [];
  for (const [address, owner] of [
    [cluster.oursVip, cluster.first],
    [cluster.realVip, cluster.second],
  ] as const) {
    const holders: string[] = [];
    for (const seat of cluster.seats) {
      const addresses = await seat.namespace.run(["ip", "-4", "-o", "addr", "show"]);
      if (addresses.includes(` ${address}/`)) holders.push(seat.place.name);
    }
    if (holders.join() !== owner.place.name)
      found.push(`${address} is held by ${holders.join(" and ") || "nobody"}`);
    await cluster.client.exec(["ip", "neigh", "flush", "to", address]);
    await cluster.clientFinds(address, owner).catch((error: Error) => found.push(error.message));
  }
  for (const [index, log] of (await logsOf(cluster)).entries()) {
    const lines = log.slice(marks[index]).split("\n");
    const bad = lines.filter((line) => forbidden.test(line) && allowed?.test(line) !== true);
    found.push(...bad.map((line) => `${cluster.seats[index]?.place.name} logged: ${line}`));
  }
  if (found.length > 0) throw new Error(`audit:\n  ${found.join("\n  ")}`);
}

/** After an orderly end: no service address, and of ours no process and no socket. */
export async function auditStopped(seat: Seat): Promise<void> {
  const found: string[] = [];
  const { namespace, place } = seat;
  const holds = await seat.holds();
  if (holds !== "none") found.push(`it still holds ${holds}`);
  if (seat.software.isOurs) {
    const others = (await processesIn(namespace.pid)).filter((pid) => pid !== namespace.pid);
    if (others.length > 0) found.push(`processes ${others.join(", ")} still run`);
    const sockets = await namespace.run([
      "ss",
      "--all",
      "--no-header",
      "--udp",
      "--tcp",
      "--packet",
      "--raw",
    ]);
    if (sockets.trim() !== "") found.push(`sockets are still open:\n${sockets}`);
  }
  if (found.length > 0) throw new Error(`audit of ${place.name} after its stop:\n  ${found.join("\n  ")}`);
}

function logsOf(cluster: MixedCluster): Promise<string[]> {
  return Promise.all(cluster.seats.map(({ software }) => software.log()));
}

/** The processes in the network namespace of the process `holder`. */
async function processesIn(holder: number): Promise<readonly number[]> {
  const network = await readlink(`/proc/${holder}/ns/net`);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const networks = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => "")));
  return pids.filter((_, index) => networks[index] === network);
}
