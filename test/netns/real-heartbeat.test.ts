// One node of ours beside one of Debian's heartbeat 3.0.6, through the moves that a cluster lives by. After each one both
// kernels and both nodes' own words must agree on who holds what, and the real node must have logged nothing that it would
// not log beside its own kind: the phrases are those that heartbeat's own test suite (CTS) looks for.

import { expect, test } from "vitest";
import { MixedCluster, type MixedOptions } from "../support/mixed-cluster.ts";
import { realHeartbeatAvailable } from "../support/real-heartbeat.ts";

const why = realHeartbeatAvailable();
if (why !== undefined) console.warn(`beside a real heartbeat node: skipped, ${why}`);

/** What a real node warns of whoever its peer is. */
const ownComplaints = [
  /Core dumps could be lost|Consider setting .*core/, // the machine's core_pattern
  /Initial dead time \[\d+ ms\] may be too small/, // it wants 10 s, tests do not
  /Logging daemon is disabled/, // no logd, so that everything is in one file
  /No Previous generation/, // its first start
  /Cannot lock ourselves into memory/, // the machine's limit
  /G_SIG_dispatch|G\w*_dispatch(_int)?: Dispatch function/, // a busy machine: about its own main loop
];

/** What it logs as well when a partition has healed, whoever its peer is; and what ours says of the same. */
const partitionComplaints = [
  /node \S+: is dead|No STONITH device configured|Shared disks are not protected/,
  /returning after partition|Deadtime value may be too small|Late heartbeat/,
  /Both machines own (our|foreign) resources|Shutdown delayed until current resource activity finishes/,
  /Service address \S+ is claimed by/,
];

async function beside(
  options: MixedOptions,
  play: (cluster: MixedCluster) => Promise<void>,
  expected: readonly RegExp[] = [],
): Promise<void> {
  const cluster = await MixedCluster.create(options);
  try {
    await cluster.start();
    await play(cluster);
    const lines = (log: string, complaint: RegExp, known: readonly RegExp[]) =>
      log.split("\n").filter((line) => complaint.test(line) && !known.some((each) => each.test(line)));
    const real = lines(await cluster.real.log(), /\b(WARN|ERROR|CRIT|EMERG)/, [
      ...ownComplaints,
      ...expected,
    ]);
    const ours = lines(cluster.ours.log, /\b(ERROR|CRIT)\b|Ignored frame/, expected);
    expect({ real, ours }).toEqual({ real: [], ours: [] });
  } finally {
    await cluster.dispose();
  }
}

test.skipIf(why)("started together, each node has its own address", async () => {
  await beside({}, async (cluster) => {
    expect(cluster.ours.log).toContain("Status update for node director2: status active");
  });
});

test.skipIf(why)("the real node loses its power and comes back: taken over, then failed back", async () => {
  await beside({}, async (cluster) => {
    await cluster.cutRealPower();
    await cluster.ours.holds(cluster.realVip);
    await cluster.realPowerOn();
    await cluster.settled("local");
  });
});

test.skipIf(why)(
  "ours stops in good order and comes back: taken over at its word, then failed back",
  async () => {
    await beside({}, async (cluster) => {
      expect(await cluster.ours.end("SIGTERM")).toBe(0);
      // By the shutdown notice: that it called ours dead would be among its complaints.
      await cluster.realHoldsAll();
      await cluster.ours.start();
      await cluster.settled("local");
    });
  },
);

test.skipIf(why)(
  "the real node stops in good order and comes back: the same the other way round",
  async () => {
    await beside({ method: "crc" }, async (cluster) => {
      await cluster.real.stop();
      await cluster.ours.holds(cluster.realVip);
      expect(cluster.ours.log).not.toContain("is dead");
      await cluster.real.start();
      await cluster.settled("local");
    });
  },
);

test.skipIf(why)("with auto_failback off everything stays where it is when a node comes back", async () => {
  await beside({ autoFailback: "off", method: "md5" }, async (cluster) => {
    await cluster.cutRealPower();
    await cluster.ours.holds(cluster.realVip);
    await cluster.realPowerOn();
    await cluster.settled("all");
    await cluster.ours.end("SIGTERM");
    await cluster.realHoldsAll();
    await cluster.ours.start();
    await cluster.settled("none");
  });
});

test.skipIf(why)("operators of both nodes move resources in both directions", async () => {
  await beside({}, async (cluster) => {
    const { ours, real } = cluster;
    const done = { code: 0, stderr: "" };
    expect(await ours.command("standby", "local")).toMatchObject(done);
    await cluster.settled("none");
    expect(await ours.command("takeover", "all")).toMatchObject(done);
    await cluster.settled("all");
    expect(await ours.command("standby", "foreign")).toMatchObject(done);
    await cluster.settled("local");
    await real.operate("hb_standby", "local");
    await cluster.settled("all");
    await real.operate("hb_takeover", "all");
    await cluster.settled("none");
    await real.operate("hb_standby", "foreign");
    await cluster.settled("local");
  });
});

test.skipIf(why)(
  "all cables fail and come back: ours keeps the addresses, the real one gives them up",
  async () => {
    const play = async (cluster: MixedCluster) => {
      const { ours } = cluster;
      for (const cable of ["eth0", "eth1"] as const) await ours.plug(cable, "down");
      await ours.holds(cluster.realVip);
      await cluster.realHoldsAll();
      for (const cable of ["eth0", "eth1"] as const) await ours.plug(cable, "up");
      await ours.said(/returning after partition/);
      await cluster.settled("all");
    };
    await beside({ autoFailback: "off" }, play, partitionComplaints);
  },
);
