// The scenarios of Linux-HA's Cluster Test System (CTS) that mean something without a cluster resource manager, by CTS's own
// names. Each is played on a cluster in which both nodes run and hold their own address, and leaves it so; play.ts audits
// the cluster afterwards. Nothing here knows which software a node runs, except where only one of the two has the feature.

import { readFile } from "node:fs/promises";
import type { MixedCluster } from "../mixed-cluster.ts";
import type { Seat } from "../seat.ts";
import type { Chance } from "../sim/chance.ts";
import { until } from "../until.ts";
import { auditStopped } from "./audit.ts";

/** Milliseconds. */
export interface Times {
  readonly keepalive: number;
  readonly deadtime: number;
}

export interface Stage {
  readonly cluster: MixedCluster;
  readonly times: Times;
  readonly chance: Chance;
  /** A figure for whoever watches. */
  tell(text: string): void;
}

export interface Scenario {
  readonly name: string;
  /** What the logs may say that they may not say otherwise. */
  readonly allows?: RegExp;
  /** True when it can be played only between nodes of ours. */
  readonly oursOnly?: boolean;
  play(stage: Stage): Promise<void>;
}

/** What a loaded machine may add to a deadtime before a test calls it wrong; the figures come from the benchmark. */
const slack = 1500;
/** heartbeat itself polls and runs scripts. */
const heartbeatSlack = 10_000;

/** A node chosen by chance, and the other one. */
function chosen({ cluster, chance }: Stage): readonly [Seat, Seat] {
  const { first, second } = cluster;
  return chance.happens(0.5) ? [first, second] : [second, first];
}

/** Waits until `seat` holds everything and the other nothing, and both say so; `alone` when the other does not run. */
async function owns({ cluster }: Stage, seat: Seat): Promise<void> {
  await cluster.settled(seat === cluster.first ? "all" : "none");
}

async function restored({ cluster }: Stage): Promise<void> {
  await cluster.settled("local");
}

export const scenarios: readonly Scenario[] = [
  {
    name: "Flip: a node is stopped in order, and started when the other has everything",
    async play(stage) {
      const [flipped, other] = chosen(stage);
      await flipped.software.stop();
      await stage.cluster.holdsAll(other);
      await flipped.software.start();
      await restored(stage);
    },
  },
  {
    name: "Restart: a node is stopped in order and started again at once",
    async play(stage) {
      const [restarted] = chosen(stage);
      await restarted.software.stop();
      await restarted.software.start();
      await restored(stage);
    },
  },
  {
    name: "StartOneByOne: after a stop of all, one node begins alone and the other joins it",
    async play(stage) {
      const [one, two] = chosen(stage);
      await Promise.all(stage.cluster.seats.map(({ software }) => software.stop()));
      await one.software.start();
      await stage.cluster.holdsAll(one);
      await two.software.start();
      await restored(stage);
    },
  },
  {
    name: "SimulStop and SimulStart: both are stopped at the same moment, leave nothing behind, and start together",
    async play(stage) {
      const { cluster } = stage;
      await Promise.all(cluster.seats.map(({ software }) => software.stop()));
      for (const seat of cluster.seats) await auditStopped(seat);
      await Promise.all(cluster.seats.map(({ software }) => software.start()));
      await restored(stage);
    },
  },
  {
    name: "Standby: a node gives everything away, and takes its own back",
    async play(stage) {
      const [giver, taker] = chosen(stage);
      await giver.software.operate("standby", "local");
      await owns(stage, taker);
      await giver.software.operate("takeover", "local");
      await restored(stage);
    },
  },
  {
    name: "Detection: a node whose power is cut is taken over from within its deadtime",
    async play(stage) {
      const [dead, survivor] = chosen(stage);
      const { cluster, times } = stage;
      const cut = performance.now();
      await dead.cutPower();
      await until(`${survivor.place.name} holds everything`, async () => (await survivor.holds()) === "all");
      const took = performance.now() - cut;
      stage.tell(`taken over ${took.toFixed(0)} ms after the power cut, deadtime ${times.deadtime} ms`);
      const most = times.deadtime + (survivor.software.isOurs ? slack : heartbeatSlack);
      if (took > most) throw new Error(`taken over after ${took.toFixed(0)} ms; allowed: ${most} ms`);
      await cluster.holdsAll(survivor);
      await dead.powerOn();
      await restored(stage);
    },
  },
  {
    name: "SplitBrain: both cables are cut until both own everything, and heal",
    allows: /Both machines own/,
    async play(stage) {
      const { cluster } = stage;
      const [cut] = chosen(stage);
      for (const cable of ["eth0", "eth1"] as const) await cut.plug(cable, "down");
      for (const seat of cluster.seats) await cluster.holdsAll(seat);
      for (const cable of ["eth0", "eth1"] as const) await cut.plug(cable, "up");
      const healed = performance.now();
      await cluster.healed();
      stage.tell(`healed within ${(performance.now() - healed).toFixed(0)} ms`);
      await restored(stage);
    },
  },
  {
    name: "ResourceRecover: an address that somebody takes away is put back where it was",
    allows: /disappeared/,
    oursOnly: true,
    async play(stage) {
      const [robbed] = chosen(stage);
      await robbed.namespace.run(["ip", "addr", "del", `${robbed.place.vip}/24`, "dev", "eth0"]);
      await until(
        `${robbed.place.name} has its address again`,
        async () => (await robbed.holds()) === "local",
      );
      await restored(stage);
    },
  },
  {
    name: "ComponentFail: a daemon is killed and started again before anybody could miss it",
    async play(stage) {
      const [killed] = chosen(stage);
      await killed.software.kill();
      await killed.software.start();
      await restored(stage);
    },
  },
  {
    name: "ComponentFail: a daemon is killed, and comes back when the other has taken over what its kernel still has",
    async play(stage) {
      const [killed, other] = chosen(stage);
      await killed.software.kill();
      await stage.cluster.holdsAll(other);
      await killed.software.start();
      await restored(stage);
    },
  },
  {
    name: "Bandwidth: an idle node sends no more than a few hundred bytes with each keepalive",
    async play({ cluster, times, tell }) {
      const beats = 15;
      for (const { place, namespace } of cluster.seats) {
        const before = await sentOn(namespace.pid, "eth1");
        const from = performance.now();
        await until(`${beats} keepalives`, () => performance.now() - from > beats * times.keepalive);
        const bytes = (await sentOn(namespace.pid, "eth1")) - before;
        const each = (bytes * times.keepalive) / (performance.now() - from);
        tell(`${place.name} sends ${each.toFixed(0)} bytes per keepalive on eth1`);
        if (each > mostPerBeat || each === 0)
          throw new Error(
            `${place.name} sends ${each.toFixed(0)} bytes per keepalive; allowed: 1 to ${mostPerBeat}`,
          );
      }
    },
  },
  {
    name: "Redundantpath: either cable may be pulled, one after the other, and nobody changes a role",
    async play(stage) {
      const { cluster, chance } = stage;
      const cables = ["eth0", "eth1"] as const;
      for (const cable of chance.happens(0.5) ? cables : cables.toReversed()) {
        const [pulled] = chosen(stage);
        await pulled.plug(cable, "down");
        await cluster.linkIs(cable, "dead");
        await restored(stage);
        await pulled.plug(cable, "up");
        await cluster.linkIs(cable, "up");
      }
      await restored(stage);
    },
  },
];

/** A status frame of ours has some 340 bytes with its headers, one of heartbeat's some 450; an ack now and then is less. */
const mostPerBeat = 700;

/** Bytes that an interface has sent since it exists (proc(5), /proc/PID/net/dev). */
async function sentOn(pid: number, name: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/net/dev`, "latin1");
  const line = text.split("\n").find((each) => each.trimStart().startsWith(`${name}:`));
  const columns = (line?.split(":")[1] ?? "").trim().split(/ +/);
  return Number(columns[8]);
}
