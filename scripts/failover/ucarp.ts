// ucarp, the userland CARP. It counts whole seconds: a backup takes over after deadratio x advbase, and no less than three lost
// adverts of one second are asked of it here, as its manual sets out. (advskew adds 1/256 s each to that sum only once, so with
// an advbase of 0 a backup would not wait for even two adverts.)

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { available } from "../../test/support/netns.ts";
import { until } from "../../test/support/until.ts";
import type { Contender, Daemon } from "./contender.ts";
import { type Box, serviceAddress } from "./laboratory.ts";
import { familyOf } from "./processes.ts";
import { type Setting, slow, usual } from "./setting.ts";

const program = "/usr/sbin/ucarp";

export const ucarp: Contender = {
  name: "ucarp",
  missing: () => (existsSync(program) ? available() : `${program} is missing; the Debian package is ucarp`),
  suits: (setting) => setting === slow || setting === usual,
  words(setting) {
    const { advbase, advskew } = intervals(setting);
    const { detection } = this.rhythm(setting);
    const nearest = setting === slow ? "" : ", the shortest that it has";
    return `advbase ${advbase} s, advskew ${advskew}, deadratio 3: ${detection.toFixed(0)} ms${nearest}`;
  },
  rhythm(setting) {
    const { advbase, advskew } = intervals(setting);
    const skew = (advskew * 1000) / 256;
    return { interval: advbase * 1000 + skew, detection: 3000 * advbase + skew };
  },
  healing: 10_000,
  async place(boxes, setting) {
    return [await daemonOn(boxes[0], setting), await daemonOn(boxes[1], setting)];
  },
};

function intervals({ deadtime }: Setting): { advbase: number; advskew: number } {
  const advbase = Math.max(1, Math.floor(deadtime / 3000));
  const left = deadtime - 3000 * advbase;
  return { advbase, advskew: Math.min(255, Math.max(0, Math.round((left * 256) / 1000))) };
}

async function script(box: Box, name: "up" | "down"): Promise<string> {
  const path = join(box.directory, name);
  const verb = name === "up" ? "add" : "del";
  await writeFile(path, `#!/bin/sh\nexec ip addr ${verb} ${serviceAddress}/24 dev "$1"\n`);
  await chmod(path, 0o755);
  return path;
}

async function daemonOn(box: Box, setting: Setting): Promise<Daemon> {
  const { advbase, advskew } = intervals(setting);
  const argv = [
    ...[program, "--interface=eth0", `--srcip=10.77.0.${box.number}`, "--vhid=1", "--pass=laboratory"],
    ...[`--addr=${serviceAddress}`, `--advbase=${advbase}`, `--advskew=${advskew}`, "--deadratio=3"],
    ...[`--upscript=${await script(box, "up")}`, `--downscript=${await script(box, "down")}`],
    ...["--shutdown", "--neutral", "--ignoreifstate"],
  ];
  let log = "";
  let running: ChildProcess | undefined;
  const signal = (name: NodeJS.Signals): void => {
    running?.kill(name);
  };
  return {
    async start() {
      const since = log.length;
      const child = box.namespace.spawn(argv, { stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk: Buffer) => {
          log += chunk;
        });
      }
      running = child;
      await until(`ucarp on ${box.name} takes part`, () => {
        if (child.exitCode !== null) throw new Error(`ucarp ended with ${child.exitCode}: ${log}`);
        return /Switching to state/.test(log.slice(since));
      });
    },
    processes: () => (running?.pid === undefined ? [] : familyOf(running.pid)),
    async stop() {
      const child = running;
      if (child === undefined) return;
      const gone = once(child, "exit");
      signal("SIGTERM");
      await gone;
      running = undefined;
    },
    handOver: { "demote (SIGUSR2)": async () => signal("SIGUSR2") },
    log: async () => log,
  };
}
