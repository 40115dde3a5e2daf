// keepalived's VRRP (version 3, RFC 5798). A backup takes over after Master_Down_Interval: three adverts and the skew, which
// is (256 - priority)/256 of an advert. Adverts count in hundredths of a second, so the priority makes up what is missing to
// the detection time of the others.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { available } from "../../test/support/netns.ts";
import { until } from "../../test/support/until.ts";
import type { Contender, Daemon } from "./contender.ts";
import { type Box, serviceAddress } from "./laboratory.ts";
import { familyOf } from "./processes.ts";
import type { Setting } from "./setting.ts";

const program = "/usr/sbin/keepalived";
/** What it holds is added to the priority. */
const standbyFile = "/run/keepalived-standby";
/** 255 is for who owns the address by configuration, and one more must be left to win. */
const highestPriority = 253;

export const keepalived: Contender = {
  name: "keepalived",
  missing: () =>
    existsSync(program) ? available() : `${program} is missing; the Debian package is keepalived`,
  suits: () => true,
  words(setting) {
    const { advert, priority } = intervals(setting);
    return `advert ${advert * 10} ms, priority ${priority}: 3 x advert + skew = ${this.rhythm(setting).detection.toFixed(0)} ms`;
  },
  rhythm(setting) {
    const { advert, priority } = intervals(setting);
    return { interval: advert * 10, detection: advert * 10 * (3 + (256 - priority) / 256) };
  },
  healing: 6000,
  async place(boxes, setting) {
    return [await daemonOn(boxes[0], setting), await daemonOn(boxes[1], setting)];
  },
};

/** Advert in hundredths of a second and the priority with which 3 adverts and the skew come closest to deadtime. */
function intervals({ deadtime }: Setting): { advert: number; priority: number } {
  const advert = Math.max(1, Math.floor(deadtime / 10 / (3 + (256 - highestPriority) / 256)));
  const skew = deadtime / 10 / advert - 3;
  return { advert, priority: Math.min(highestPriority, Math.max(2, Math.round(256 - skew * 256))) };
}

/** With the same priority on both the address stays where it is until something happens to its owner, or lowers its priority. */
function configuration(setting: Setting): string {
  const { advert, priority } = intervals(setting);
  return `global_defs {
  vrrp_version 3
}
vrrp_track_file standby {
  file ${standbyFile}
  weight 1
  init_file 0
}
vrrp_instance service {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int ${advert / 100}
  virtual_ipaddress {
    ${serviceAddress}/24 dev eth0
  }
  track_file {
    standby
  }
}
`;
}

async function daemonOn(box: Box, setting: Setting): Promise<Daemon> {
  const config = join(box.directory, "keepalived.conf");
  await writeFile(config, configuration(setting));
  let log = "";
  let running: ChildProcess | undefined;
  return {
    async start() {
      const since = log.length;
      // A box that comes back has no pid file of its earlier life.
      await box.namespace.run(["sh", "-c", `rm -f /run/*.pid; echo 0 > ${standbyFile}`]);
      const argv = [program, "--dont-fork", "--log-console", "--vrrp", "--use-file", config];
      const child = box.namespace.spawn(argv, { stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk: Buffer) => {
          log += chunk;
        });
      }
      running = child;
      await until(`keepalived on ${box.name} takes part`, () => {
        if (child.exitCode !== null) throw new Error(`keepalived ended with ${child.exitCode}: ${log}`);
        return /Entering (BACKUP|MASTER) STATE/.test(log.slice(since));
      });
    },
    processes: () => (running?.pid === undefined ? [] : familyOf(running.pid)),
    async stop() {
      const child = running;
      if (child === undefined) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      running = undefined;
    },
    handOver: {
      async "lower priority"() {
        const since = log.length;
        await box.namespace.run(["sh", "-c", `echo -1 > ${standbyFile}`]);
        const yielded = () => log.slice(since).includes("Entering BACKUP STATE");
        await until(`keepalived on ${box.name} yields`, yielded);
        await box.namespace.run(["sh", "-c", `echo 0 > ${standbyFile}`]);
      },
    },
    log: async () => log,
  };
}
