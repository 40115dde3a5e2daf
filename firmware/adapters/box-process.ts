// Whether this machine is a box of ours: its PID 1 is the very file that runs here (proc(5), /proc/pid/exe).

import { readFileSync, statSync } from "node:fs";
import { isSea } from "node:sea";

/** False from a source tree, whose file is Node itself. */
export function isBox(): boolean {
  if (!isSea()) return false;
  try {
    const [first, own] = [statSync("/proc/1/exe"), statSync(process.execPath)];
    return first.dev === own.dev && first.ino === own.ino;
  } catch {
    return false; // EACCES: PID 1 belongs to root, and we do not
  }
}

/** What PID 1 calls itself, "systemd". */
export function nameOfFirstProcess(): string {
  try {
    return readFileSync("/proc/1/comm", "latin1").trim();
  } catch {
    return "unknown";
  }
}
