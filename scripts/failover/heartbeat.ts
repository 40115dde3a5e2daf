// Debian's heartbeat 3.0.6 with haresources, in real time as its manual advises, in PID namespaces of its own.

import { RealHeartbeat, realHeartbeatAvailable } from "../../test/support/real-heartbeat.ts";
import { until } from "../../test/support/until.ts";
import type { Contender, Daemon } from "./contender.ts";
import { type Box, serviceAddress } from "./laboratory.ts";
import { runningBelow } from "./processes.ts";
import { fast, nameOf, type Setting } from "./setting.ts";

const programs = "/usr/libexec/heartbeat/";
/** A node alone, or two that start together, wait ten seconds before they take anything. */
const patience = 60_000;

export const heartbeat: Contender = {
  name: "heartbeat",
  missing: realHeartbeatAvailable,
  // At 100/300 ms and below it declares living peers dead on an idle machine: there is no failover to be measured.
  suits: ({ deadtime }) => deadtime > fast.deadtime,
  rhythm: ({ keepalive, deadtime }) => ({ interval: keepalive, detection: deadtime }),
  words: (setting) => `keepalive/deadtime ${nameOf(setting)}`,
  // Both release, restart and wait: some 16 s without the address.
  healing: 25_000,
  async place(boxes, setting) {
    return [await daemonOn(boxes[0], setting), await daemonOn(boxes[1], setting)];
  },
};

export function heartbeatFiles({ keepalive, deadtime }: Setting) {
  return {
    "ha.cf": `logfile /var/log/ha-log
logfacility none
keepalive ${keepalive}ms
deadtime ${deadtime}ms
warntime ${deadtime / 2}ms
initdead ${Math.max(4000, 2 * deadtime)}ms
realtime on
bcast eth1 eth0
auto_failback off
crm no
node director1 director2
`,
    authkeys: "auth 1\n1 sha1 laboratory\n",
    haresources: `director1 ${serviceAddress}/24/eth0\n`,
  };
}

async function daemonOn(box: Box, setting: Setting): Promise<Daemon> {
  const node = await RealHeartbeat.place(box.namespace, box.name, heartbeatFiles(setting));
  return {
    async start() {
      await node.start();
      const settled = async () => {
        const [status, holds] = [
          await node.exec(["cl_status", "nodestatus", box.name]),
          await node.holding(),
        ];
        return status.stdout.trim() === "active" && ["all", "local", "foreign", "none"].includes(holds);
      };
      await until(`heartbeat on ${box.name} is active`, settled, patience);
    },
    processes: () => runningBelow(programs, box.namespace.pid),
    stop: () => node.stop(),
    handOver: { hb_standby: () => node.operate("hb_standby", "all") },
    log: () => node.log(),
  };
}
