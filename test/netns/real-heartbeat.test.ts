// One node of ours beside one of Debian's heartbeat 3.0.6, through the moves that a cluster lives by. After each one both
// kernels and both nodes' own words must agree on who holds what, and the real node must have logged nothing that it would
// not log beside its own kind.

import { expect, test } from "vitest";
import { AFTER_PARTITION, beside, whyNotBeside } from "../support/beside.ts";

const why = whyNotBeside();

test.skipIf(why)("started together, then stopped and started one by one, in both orders", async () => {
  await beside({ name: "start and stop" }, async (cluster) => {
    const { first, second } = cluster;
    await first.software.stop();
    await cluster.holdsAll(second);
    await first.software.start();
    await cluster.settled("local");
    await second.software.stop();
    await cluster.holdsAll(first);
    await second.software.start();
    await cluster.settled("local");
  });
});

for (const [starter, index] of [
  ["ours", 0],
  ["the real node", 1],
] as const) {
  test.skipIf(why)(`${starter} starts first and serves alone until the other one joins`, async () => {
    await beside({ name: "one starts first", unstarted: true }, async (cluster) => {
      const [alone, other] = index === 0 ? cluster.seats : [cluster.second, cluster.first];
      await alone.software.start();
      await cluster.holdsAll(alone);
      await other.software.start();
      await cluster.settled("local");
    });
  });
}

test.skipIf(why)("the real node loses its power and comes back: taken over, then failed back", async () => {
  await beside({ name: "power cut", options: { method: "crc" } }, async (cluster) => {
    await cluster.second.cutPower();
    await cluster.holdsAll(cluster.first);
    await cluster.second.powerOn();
    await cluster.settled("local");
  });
});

test.skipIf(why)("with auto_failback off everything stays where it is when a node comes back", async () => {
  const options = { autoFailback: "off", method: "md5" } as const;
  await beside({ name: "failback off", options }, async (cluster) => {
    const { first, second } = cluster;
    await second.cutPower();
    await cluster.holdsAll(first);
    await second.powerOn();
    await cluster.settled("all");
    await first.software.stop();
    await cluster.holdsAll(second);
    await first.software.start();
    await cluster.settled("none");
  });
});

test.skipIf(why)("operators of both nodes move resources in both directions", async () => {
  await beside({ name: "standby and takeover" }, async (cluster) => {
    const { first, second } = cluster;
    const moves = [
      [first, "standby", "local", "none"],
      [first, "takeover", "all", "all"],
      [first, "standby", "foreign", "local"],
      [second, "standby", "local", "all"],
      [second, "takeover", "all", "none"],
      [second, "standby", "foreign", "local"],
      [first, "takeover", "foreign", "all"],
      [second, "takeover", "local", "local"],
      [first, "standby", "all", "none"],
      [first, "takeover", "local", "local"],
      [second, "standby", "all", "all"],
      [first, "standby", "all", "none"],
      [second, "standby", "foreign", "local"],
      [second, "takeover", "foreign", "none"],
    ] as const;
    for (const [seat, command, scope, held] of moves) {
      await seat.software.operate(command, scope);
      await cluster.settled(held);
    }
  });
});

test.skipIf(why)(
  "all cables fail and come back: one node keeps the addresses, the other gives them up",
  async () => {
    const story = {
      name: "partition",
      options: { autoFailback: "off" },
      twoOwners: true,
      expected: AFTER_PARTITION,
    } as const;
    await beside(story, async (cluster) => {
      const { first, second } = cluster;
      for (const cable of ["eth0", "eth1"] as const) await first.plug(cable, "down");
      await Promise.all([cluster.holdsAll(first), cluster.holdsAll(second)]);
      for (const cable of ["eth0", "eth1"] as const) await first.plug(cable, "up");
      await cluster.healed();
      if (first.software.isOurs) expect(cluster.ours.log).toContain("returning after partition");
    });
  },
);
