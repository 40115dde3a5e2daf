// `pulsebox worker`: the process that talks to strangers, so that `ha` does not. It has no privilege, no file and no address of
// the cluster's; it tries the checks that `ha` names over descriptor 3 and says what it saw. It ends when `ha` does.
// Hidden from the list of commands: `ha` starts it.

import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { setUser } from "../native/process/index.ts";
import { ProbeSchedule } from "./adapters/probe-schedule.ts";
import { aliveInterval, decodeWanted, encode, LineCutter } from "./adapters/worker-messages.ts";

const channelDescriptor = 3;
/** nobody and nogroup of Debian, by number, because a box has no /etc/passwd. */
const nobody = 65_534;

export async function runWorker(): Promise<number> {
  if (!isSocket(channelDescriptor)) throw new Error("the worker is started by pulsebox ha, not by hand");
  if (process.getuid?.() === 0) setUser(nobody, nobody);
  const channel = new Socket({ fd: channelDescriptor, readable: true, writable: true });
  const schedule = new ProbeSchedule((id, ok, detail) => channel.write(encode({ id, ok, detail })));
  const lines = LineCutter.ofLists();
  channel.setEncoding("utf8");
  channel.on("data", (text: string) => {
    for (const line of lines.cut(text) ?? []) schedule.want(decodeWanted(line).checks);
  });
  const alive = setInterval(() => channel.write(encode({ alive: true })), aliveInterval);
  await new Promise<void>((resolve) => {
    channel.on("close", () => resolve());
    channel.on("error", () => resolve()); // EPIPE, ECONNRESET: `ha` is gone
    channel.on("end", () => resolve());
  });
  clearInterval(alive);
  schedule.want([]);
  channel.destroy();
  return 0;
}

function isSocket(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    return false; // EBADF
  }
}
