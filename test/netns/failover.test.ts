// The promise of the product with real daemons: the client is answered, whichever director loses its power, and the address
// comes home, stays, or is handed over as the cluster file says.

import { afterEach, expect, test } from "vitest";
import { ClientPing } from "../support/client-ping.ts";
import { ClusterLab } from "../support/cluster.ts";
import type { ClusterOptions } from "../support/cluster-file.ts";
import { reasonToSkip } from "../support/netns.ts";

const why = reasonToSkip("failover between daemons");

/** Milliseconds; deadtime of the laboratory. */
const deadtime = 500;
/** What a loaded machine may add to a deadtime before a test calls it wrong; the figures come from the benchmark. */
const slack = 1500;

let lab: ClusterLab | undefined;
let ping: ClientPing | undefined;

afterEach(async () => {
  await ping?.stop();
  await lab?.dispose();
  lab = undefined;
  ping = undefined;
});

async function running(options: ClusterOptions = {}): Promise<{ lab: ClusterLab; ping: ClientPing }> {
  const started = await ClusterLab.create(options);
  lab = started;
  await started.start();
  await started.settled(started.director1);
  const pinging = new ClientPing(started.client, started.vip, 5);
  ping = pinging;
  await pinging.answered(0, 5000);
  return { lab: started, ping: pinging };
}

test.skipIf(why)("the preferred owner has the address, alone, and the client reaches it", async () => {
  const { lab } = await running();
  const [first, second] = await Promise.all(lab.directors.map((director) => director.addresses()));
  expect(first).toContain(lab.vip);
  expect(second).not.toContain(lab.vip);
});

test.skipIf(why)(
  "power cut: the other answers within deadtime, and the address comes home with auto_failback on",
  async () => {
    const { lab, ping } = await running({ autoFailback: "on" });
    const cut = performance.now();
    await lab.director1.cutPower();
    await ping.answered(performance.now(), 10_000);
    const blackout = ping.longestBlackout(cut).length;
    console.log(`blackout after a power cut at deadtime ${deadtime} ms: ${Math.round(blackout)} ms`);
    expect(blackout).toBeLessThan(deadtime + slack);
    expect(lab.director2.log).toContain("node director1: is dead");
    await lab.director1.powerOn(lab.vip);
    await lab.settled(lab.director1);
    await lab.director1.holds(lab.vip);
    await lab.director2.holds(lab.vip, false);
    await ping.answered(performance.now(), 5000);
  },
);

test.skipIf(why)("with auto_failback off the address stays where it is", async () => {
  const { lab } = await running({ autoFailback: "off" });
  await lab.director1.cutPower();
  await lab.director2.holds(lab.vip);
  await lab.director1.powerOn(lab.vip);
  await lab.settled(lab.director2);
  expect(await lab.director1.addresses()).not.toContain(lab.vip);
});

test.skipIf(why)(
  "a clean stop hands over without waiting for deadtime, and nothing is left behind",
  async () => {
    const { lab, ping } = await running();
    const asked = performance.now();
    const code = await lab.director1.end("SIGTERM");
    await lab.director2.holds(lab.vip);
    expect(code).toBe(0);
    expect(await lab.director1.addresses()).not.toContain(lab.vip);
    await ping.answered(performance.now(), 5000);
    const blackout = ping.longestBlackout(asked).length;
    console.log(`blackout of a clean hand-over: ${Math.round(blackout)} ms`);
    expect(blackout).toBeLessThan(deadtime);
  },
);

test.skipIf(why)("a cut medium changes no role while another one works, and is seen", async () => {
  const { lab, ping } = await running();
  const since = performance.now();
  const before = lab.director1.log.length;
  await lab.director1.plug("eth1", "down");
  await lab.director2.said(/Link director1:eth1 dead/);
  const dead = lab.director2.log.length;
  await lab.director1.plug("eth1", "up");
  await lab.director2.said(/Link director1:eth1 up/, dead);
  await lab.settled(lab.director1);
  expect(lab.director1.log.slice(before)).not.toMatch(/is dead|acqui/i);
  await ping.answered(performance.now(), 5000);
  expect(ping.longestBlackout(since).length).toBeLessThan(deadtime);
});

test.skipIf(why)(
  "ucast and mcast media carry the cluster as well, each node leaving out its own address",
  async () => {
    const { lab } = await running({
      media: [
        "ucast: { interface: eth0, peer: 10.77.0.1 }",
        "ucast: { interface: eth0, peer: 10.77.0.2 }",
        "mcast: { interface: eth1, group: 225.0.0.1 }",
      ],
    });
    const { members } = await lab.director1.status();
    const links = members.find(({ self }) => !self)?.links.map(({ medium, up }) => `${medium} ${up}`);
    expect(links).toEqual(["ucast eth0 10.77.0.2 true", "mcast eth1 225.0.0.1 true"]);
  },
);
