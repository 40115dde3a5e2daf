// ipfail on both sides: ours inside the daemon, and Debian's as a client of the real heartbeat node. The client's box on the
// switch is the ping node; the cross cable stays whole, so that each always knows that the other is alive.

import { expect, test } from "vitest";
import { beside, whyNotBeside } from "../support/beside.ts";
import type { MixedCluster } from "../support/mixed-cluster.ts";
import { until } from "../support/until.ts";

const why = whyNotBeside();

const ROUTER = "10.77.0.100";
const options = { ping: [ROUTER] };

/** Waits until every node's last word on the ping node is that. */
async function allCall(cluster: MixedCluster, state: "dead" | "up"): Promise<void> {
  for (const { place, software } of cluster.seats) {
    await until(`${place.name} calls link ${ROUTER}:${ROUTER} ${state}`, async () => {
      const lines = (await software.log()).split("\n");
      const last = lines.findLast((line) => line.includes(`ink ${ROUTER}:${ROUTER} `));
      return last?.includes(` ${state}`) ?? false;
    });
  }
}

test.skipIf(why)(
  "ours loses its ping node and finds it again: the real one serves, then each its own",
  async () => {
    await beside({ name: "ipfail", options }, async (cluster) => {
      await cluster.first.plug("eth0", "down");
      await cluster.settled("none");
      await cluster.first.plug("eth0", "up");
      await cluster.settled("local");
      expect(await cluster.first.software.log()).not.toMatch(/node director\d: is dead/);
    });
  },
);

test.skipIf(why)(
  "the real one loses its ping node and finds it again: ours serves, then each its own",
  async () => {
    await beside({ name: "ipfail", options }, async (cluster) => {
      await cluster.second.plug("eth0", "down");
      await cluster.settled("all");
      await cluster.second.plug("eth0", "up");
      await cluster.settled("local");
      expect(await cluster.first.software.log()).not.toMatch(/node director\d: is dead/);
    });
  },
);

test.skipIf(why)(
  "both lose the same ping node: nothing moves, neither then nor when it is back",
  async () => {
    await beside({ name: "ipfail, the router fails", options }, async (cluster) => {
      for (const state of ["down", "up"] as const) {
        await cluster.client.run(["ip", "link", "set", "eth0", state]);
        await allCall(cluster, state === "down" ? "dead" : "up");
      }
      await cluster.settled("local");
      // Debian's ipfail offers foreign resources whenever both are even, also when it has none (auto_failback).
      for (const { software } of cluster.seats)
        expect(await software.log()).not.toContain("wants to go standby [all]");
    });
  },
);
