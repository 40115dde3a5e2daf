// Loads the modules that the hardware asks for. A bus driver brings new devices to light (virtio, USB, SCSI), so
// passes repeat until one finds nothing new. Each module is tried once: a failure is said and does not stop the boot.

import type { Box, ModuleIndex } from "../ports/box.ts";
import type { Log } from "../ports/log.ts";
import { createMatcher, loadOrder } from "./modules.ts";

export interface Coldplug {
  /** Runs passes until nothing new appears; returns the modules loaded by this call. */
  settle(): readonly string[];
  /** Loads the software watchdog when no hardware one has appeared. */
  ensureWatchdog(): void;
}

export function createColdplug(box: Box, index: ModuleIndex, log: Log): Coldplug {
  const matches = createMatcher(index);
  const tried = new Set<string>();

  function load(names: readonly string[]): string[] {
    const loaded: string[] = [];
    for (const name of loadOrder(index, names)) {
      if (tried.has(name)) continue;
      tried.add(name);
      const row = index.modules[name];
      if (row === undefined) continue;
      const outcome = box.loadModule(row.path);
      if (outcome.ok) loaded.push(name);
      else log.write("WARN", `Kernel module ${name}: ${outcome.error}`);
    }
    return loaded;
  }

  return {
    settle() {
      const loaded = load(index.always);
      for (;;) {
        const more = load(box.modaliases().flatMap((modalias) => matches(modalias)));
        if (more.length === 0) return loaded;
        loaded.push(...more);
      }
    },
    ensureWatchdog() {
      if (box.hasWatchdog()) return;
      const last = index.watchdogs.at(-1);
      if (last === undefined) return;
      log.write(
        "WARN",
        `No hardware watchdog on this box: using ${last.module}, which cannot survive a kernel hang`,
      );
      load([last.module]);
    },
  };
}
