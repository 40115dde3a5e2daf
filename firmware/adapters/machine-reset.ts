// The port Reset on reboot(2), as "reboot -nf" of heartbeat's ResourceManager: nothing is synced and nothing stopped, because
// what cannot be stopped would hold that up too. In a PID namespace it ends the namespace's first process instead.

import { readFileSync } from "node:fs";
import { reboot } from "../../native/process/index.ts";
import type { Reset } from "../ports/reset.ts";
import { words } from "./outcome.ts";

/** The reason must reach the console and the journal before the machine ends, ms. */
const lastWords = 50;
/** CAP_SYS_BOOT, linux/capability.h. */
const mayBoot = 1n << 22n;

export class MachineReset implements Reset {
  reset(failed: (error: string) => void): void {
    setTimeout(() => {
      try {
        reboot("restart");
      } catch (error) {
        failed(words(error));
      }
    }, lastWords);
  }
}

/** Whether this process has the right to restart the machine (capabilities(7)). */
export function mayReset(): boolean {
  try {
    const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    return effective !== undefined && (BigInt(`0x${effective}`) & mayBoot) !== 0n;
  } catch {
    return false;
  }
}
