// auto_failback legacy beside a real heartbeat node: nobody says what it holds, a starting node asks for its own groups, the
// other one gives them. What counts is what the kernels have; the real node itself says "none" throughout.

import { expect, test } from "vitest";
import { AFTER_PARTITION, beside, whyNotBeside } from "../support/beside.ts";
import { until } from "../support/until.ts";

const why = whyNotBeside();
const options = { autoFailback: "legacy" } as const;

test.skipIf(why)(
  "each node asks for its own and gives what it is asked for, whoever went and came back",
  async () => {
    await beside({ name: "legacy", options, unstarted: true }, async (cluster) => {
      const { first, second } = cluster;
      await Promise.all(cluster.seats.map(({ software }) => software.start()));
      await cluster.kernelsHold("local", "local");
      await first.software.stop();
      await cluster.kernelsHold("none", "all");
      await first.software.start();
      await cluster.kernelsHold("local", "local");
      await second.software.stop();
      await cluster.kernelsHold("all", "none");
      await second.software.start();
      await cluster.kernelsHold("local", "local");
      await cluster.clientFinds(second.place.vip, second);
      await second.cutPower();
      await cluster.kernelsHold("all", "local");
      await second.powerOn();
      await cluster.kernelsHold("local", "local");
      if (!first.software.isOurs) return;
      const refused = await cluster.ours.command("standby", "all");
      expect(refused).toMatchObject({ code: 1 });
      await until("ours calls it settled, each group at its own node", async () => {
        const { stable, groups } = await cluster.ours.status();
        return stable && groups.map(({ owner }) => owner).join(" ") === "director1 director2";
      });
      await second.software.operate("standby", "all");
      await cluster.ours.said(/Standby mode only implemented when nice_failback on/);
      await cluster.kernelsHold("local", "local");
    });
  },
);

test.skipIf(why)("a healed partition: the real node starts anew and each has its own again", async () => {
  const story = { name: "legacy partition", options, unstarted: true, expected: AFTER_PARTITION };
  await beside(story, async (cluster) => {
    const { first, second } = cluster;
    await Promise.all(cluster.seats.map(({ software }) => software.start()));
    await cluster.kernelsHold("local", "local");
    for (const cable of ["eth0", "eth1"] as const) await first.plug(cable, "down");
    await cluster.kernelsHold("all", "all");
    for (const cable of ["eth0", "eth1"] as const) await first.plug(cable, "up");
    await cluster.kernelsHold("local", "local");
    await cluster.clientFinds(second.place.vip, second);
    await cluster.clientFinds(first.place.vip, first);
  });
});
