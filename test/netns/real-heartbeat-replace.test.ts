// One of two real heartbeat nodes is replaced by ours, and ours by it again, while a client goes on pinging both addresses.
// Ours goes on under heartbeat's uuid, as it does by itself on the same machine: 3.0.6 addresses its answers to the uuid that
// it last heard under a name. On the way back heartbeat's stored generation has to go: ours come from the clock and are ahead of
// it by then, and a lower one is dropped for ever as a replay. Without the file heartbeat begins at the time plus one.

import { expect, test } from "vitest";
import { complaintsBeyond, whyNotBeside } from "../support/beside.ts";
import { ClientPing } from "../support/client-ping.ts";
import { MixedCluster } from "../support/mixed-cluster.ts";
import { HeartbeatSoftware, PulseboxSoftware, type Software } from "../support/seat.ts";

const why = whyNotBeside();
/** Milliseconds from ping to ping. */
const INTERVAL = 10;
/** What a stop and a start may leave unanswered at the most, ms: the real node itself takes some 0.4 s to take over. */
const LONGEST = 3000;

test.skipIf(why)("a real node is replaced by ours and comes back: the client keeps its answers", async () => {
  const cluster = await MixedCluster.create({ first: "heartbeat" });
  const { first, second } = cluster;
  const pings = new Map<string, ClientPing>();
  try {
    await cluster.start();
    for (const { place } of cluster.seats)
      pings.set(place.vip, new ClientPing(cluster.client, place.vip, INTERVAL));
    for (const ping of pings.values()) await ping.answered(performance.now(), 5000);
    const begun = performance.now();
    const replace = async (software: Software): Promise<void> => {
      await first.software.stop();
      await cluster.holdsAll(second);
      first.software = software;
      await software.start();
      await cluster.settled("local");
    };
    const heartbeat = first.software;
    if (!(heartbeat instanceof HeartbeatSoftware)) throw new Error("the first node began as a real one");
    await cluster.oursTakesUuid(await heartbeat.node.uuid());
    await replace(new PulseboxSoftware(cluster.ours));
    await heartbeat.node.exec(["rm", "/var/lib/heartbeat/hb_generation"]);
    await replace(heartbeat);
    const spent = performance.now() - begun;
    for (const [address, ping] of pings) {
      await ping.answered(performance.now(), 5000);
      const answers = ping.answers.filter((at) => at >= begun && at < begun + spent).length;
      const blackout = ping.longestBlackout(begun).length;
      console.log(
        `${address}: ${answers} answers to some ${Math.round(spent / INTERVAL)} pings in ${Math.round(spent)} ms, ` +
          `longest blackout ${Math.round(blackout)} ms`,
      );
      expect(blackout).toBeLessThan(LONGEST);
    }
    expect(complaintsBeyond("start and stop", await cluster.real.log())).toEqual([]);
    expect(cluster.ours.log).not.toMatch(/\b(ERROR|CRIT)\b/);
  } finally {
    for (const ping of pings.values()) await ping.stop();
    await cluster.dispose();
  }
});
