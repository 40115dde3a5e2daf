// This product, with real-time priority and locked memory as on a box: the built binary where there is one, else the source tree.

import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Director, fromSource } from "../../test/support/cluster.ts";
import { clusterFile } from "../../test/support/cluster-file.ts";
import { available } from "../../test/support/netns.ts";
import { until } from "../../test/support/until.ts";
import type { Contender, Daemon } from "./contender.ts";
import type { Box } from "./laboratory.ts";
import { familyOf } from "./processes.ts";
import { nameOf, type Setting } from "./setting.ts";

const binary = join(import.meta.dirname, "../../dist/pulsebox");

/** The binary if it was built, else the source tree. */
export function programUnderTest(): readonly string[] {
  return existsSync(binary) ? [binary] : fromSource;
}

export const ours: Contender = {
  name: "pulsebox",
  missing: available,
  suits: () => true,
  rhythm: ({ keepalive, deadtime }) => ({ interval: keepalive, detection: deadtime }),
  words: (setting) => `keepalive/deadtime ${nameOf(setting)}`,
  healing: 6000,
  async place(boxes, setting) {
    return [await daemonOn(boxes[0], setting), await daemonOn(boxes[1], setting)];
  },
};

async function daemonOn(box: Box, { keepalive, deadtime }: Setting): Promise<Daemon> {
  const config = join(box.directory, "cluster.yaml");
  const state = join(box.directory, "state");
  await mkdir(state);
  const options = {
    keepalive: `${keepalive}ms`,
    deadtime: `${deadtime}ms`,
    initdead: `${Math.max(2000, 2 * deadtime)}ms`,
    autoFailback: "off",
    realtime: true,
    program: programUnderTest(),
  } as const;
  await writeFile(config, clusterFile(options));
  const { name, namespace, lan, port } = box;
  const director = new Director({ name, namespace, lan, port, state, config, options });
  const ask = async (command: "standby" | "takeover"): Promise<void> => {
    const { error } = await director.ask({ command, scope: "all" });
    if (error !== undefined) throw new Error(`${name} refused ${command}: ${error}`);
  };
  return {
    async start() {
      await director.start();
      await until(`${name} is stable`, async () => (await director.status()).stable);
    },
    processes: () => (director.pid === undefined ? [] : familyOf(director.pid)),
    async stop() {
      await director.end("SIGTERM");
    },
    handOver: { standby: () => ask("standby") },
    log: async () => director.log,
  };
}
