// What fails beside a real heartbeat node without a box losing its power: a daemon killed while the kernel under it goes on
// answering for its addresses, and cables cut one after the other. The client's ARP table is the judge of who serves.

import { expect, test } from "vitest";
import { AFTER_KILL, AFTER_PARTITION, beside, whyNotBeside } from "../support/beside.ts";

const why = whyNotBeside();

for (const [victim, index] of [
  ["the real node", 1],
  ["ours", 0],
] as const) {
  test.skipIf(why)(
    `kill -9 of ${victim}: its kernel keeps the address, the other one takes it over and wins the clients`,
    async () => {
      await beside({ name: "kill -9", expected: AFTER_KILL }, async (cluster) => {
        const [dead, survivor] = index === 1 ? [cluster.second, cluster.first] : cluster.seats;
        const { vip } = dead.place;
        await cluster.clientFinds(vip, dead);
        await dead.software.kill();
        await cluster.holdsAll(survivor);
        expect(await dead.holds()).toBe("local");
        await cluster.clientFinds(vip, survivor);
        await dead.software.start();
        await cluster.settled("local");
        await cluster.clientFinds(vip, dead);
      });
    },
  );
}

test.skipIf(why)(
  "one cable after the other fails and comes back: no role changes while one works",
  async () => {
    await beside({ name: "one cable at a time" }, async (cluster) => {
      const { first } = cluster;
      for (const cable of ["eth0", "eth1", "eth0"] as const) {
        await first.plug(cable, "down");
        await cluster.linkIs(cable, "dead");
        await cluster.settled("local");
        await first.plug(cable, "up");
        await cluster.linkIs(cable, "up");
      }
      for (const { software } of cluster.seats) expect(await software.log()).not.toMatch(/is dead|standby/);
    });
  },
);

test.skipIf(why)("all cables fail and come back with auto_failback on: each has its own again", async () => {
  const story = { name: "partition with failback", twoOwners: true, expected: AFTER_PARTITION };
  await beside(story, async (cluster) => {
    const { first, second } = cluster;
    for (const cable of ["eth0", "eth1"] as const) await first.plug(cable, "down");
    await Promise.all([cluster.holdsAll(first), cluster.holdsAll(second)]);
    for (const cable of ["eth0", "eth1"] as const) await first.plug(cable, "up");
    await cluster.settled("local", 60_000);
    await cluster.clientFinds(second.place.vip, second);
    await cluster.clientFinds(first.place.vip, first);
  });
});
