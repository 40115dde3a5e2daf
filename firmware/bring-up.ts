// `pulsebox init`: wires the boot sequence to this box. PID 1 runs it once and starts the deciding process when it ends well.

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { listLinks } from "../native/ipalias/index.ts";
import { bootNetwork } from "./adapters/boot-network.ts";
import { isBox } from "./adapters/box-process.ts";
import { ConsoleLog } from "./adapters/console-log.ts";
import { hostFacts } from "./adapters/host-facts.ts";
import { linuxBox } from "./adapters/linux-box.ts";
import { words } from "./adapters/outcome.ts";
import type { Streams } from "./console/cli.ts";
import { bringUp } from "./init/sequence.ts";
import type { ModuleIndex } from "./ports/box.ts";

/** Written by the image builder. */
const moduleIndexPath = "/etc/pulsebox/modules.json";

export async function runInit(version: string, streams: Streams): Promise<number> {
  if (!isBox()) {
    streams.err("pulsebox init: brings up a box booted from a pulsebox image; this machine is not one\n");
    return 1;
  }
  const log = new ConsoleLog({ box: true, debug: false });
  try {
    log.write("info", `pulsebox ${version}: bringing this box up`);
    const index: ModuleIndex = JSON.parse(readFileSync(moduleIndexPath, "utf8"));
    const ports = { box: linuxBox, network: bootNetwork, log, pause: { pause: (ms: number) => pause(ms) } };
    await bringUp({ ...ports, facts: hostFacts, links: listLinks }, index);
    return 0;
  } catch (error) {
    log.write("CRIT", `Bringing this box up failed: ${words(error)}`);
    return 1;
  } finally {
    await log.close();
  }
}
