// ipfail with real daemons and a real router, the client behind it: the address goes where the router is reached and nowhere
// else, whatever fails for one node or for both. The heartbeat cable between the directors stays whole throughout.

import { afterEach, expect, test } from "vitest";
import { ClientPing } from "../support/client-ping.ts";
import { ClusterLab, type Director } from "../support/cluster.ts";
import type { ClusterOptions } from "../support/cluster-file.ts";
import { reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("ipfail between daemons");

/** The client's box is the router: two addresses on the switch. */
const [ROUTER, SECOND] = ["10.77.0.100", "10.77.0.101"];
/** Milliseconds: deadping, a keepalive until the last answer, two until both are sure. */
const bound = 500 + 3 * 100;
/** What a loaded machine may add before a test calls it wrong. */
const slack = 1500;

let lab: ClusterLab | undefined;
let client: ClientPing | undefined;

afterEach(async () => {
  await client?.stop();
  await lab?.dispose();
  lab = undefined;
  client = undefined;
});

async function running(options: ClusterOptions): Promise<ClusterLab> {
  const started = await ClusterLab.create(options);
  lab = started;
  await started.client.run(["ip", "addr", "add", `${SECOND}/24`, "dev", "eth0"]);
  await started.client.run(["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0"]);
  await started.start();
  await started.settled(started.director1);
  await started.director1.holds(started.vip);
  return started;
}

const sees = (director: Director, name: string, status: "ping" | "dead") =>
  until(`${director.name} calls ping node ${name} ${status}`, async () => {
    const { pingNodes } = await director.status();
    return pingNodes.find((node) => node.name === name)?.status === status;
  });

const bothSee = ({ directors }: ClusterLab, name: string, status: "ping" | "dead") =>
  Promise.all(directors.map((director) => sees(director, name, status)));

/** How often a node has offered what it holds. */
const offers = ({ directors }: ClusterLab): number =>
  directors
    .map(({ name, log }) => log.split(`${name} wants to go standby`).length - 1)
    .reduce((a, b) => a + b);

test.skipIf(why)(
  "the active director loses its cable to the switch: the other one serves within the bound, and once it is back the first",
  async () => {
    const lab = await running({ heartbeat: [`ping: [${ROUTER}]`, "ipfail: on"] });
    const { director1, director2 } = lab;
    const pinging = new ClientPing(lab.client, lab.vip, 5);
    client = pinging;
    await pinging.answered(0, 5000);
    const cut = performance.now();
    await director1.plug("eth0", "down");
    await pinging.answered(performance.now(), 10_000);
    const blackout = pinging.longestBlackout(cut).length;
    console.log(`blackout after the cable was pulled at deadping 500 ms: ${Math.round(blackout)} ms`);
    expect(blackout).toBeLessThan(bound + slack);
    expect(director1.log).toContain(`director2 reaches ${ROUTER}, this node none`);
    expect(director1.log + director2.log).not.toMatch(/node director\d: is dead/);
    await lab.settled(director2);
    const refused = await director1.command("takeover", "all");
    expect(refused.stderr).toContain(`director2 reaches ${ROUTER}, this node none`);
    await director1.plug("eth0", "up");
    await lab.settled(director1);
    await director1.holds(lab.vip);
    expect(offers(lab)).toBe(2);
  },
);

test.skipIf(why)("the router fails for both and comes back: nothing moves", async () => {
  const lab = await running({ heartbeat: [`ping: [${ROUTER}, ${SECOND}]`, "ipfail: on"] });
  for (let time = 0; time < 3; time++) {
    await lab.client.run(["ip", "link", "set", "eth0", "down"]);
    await bothSee(lab, ROUTER, "dead");
    await lab.client.run(["ip", "link", "set", "eth0", "up"]);
    await bothSee(lab, ROUTER, "ping");
  }
  await bothSee(lab, SECOND, "ping");
  expect(offers(lab)).toBe(0);
  expect(await lab.director1.addresses()).toContain(lab.vip);
});

test.skipIf(why)("a group lives while one member answers, and dies with the last", async () => {
  const group = `ping_group: { uplink: [${ROUTER}, ${SECOND}] }`;
  const lab = await running({ heartbeat: [`ping: [${SECOND}]`, group, "ipfail: on"], autoFailback: "off" });
  await lab.client.run(["ip", "addr", "del", `${SECOND}/24`, "dev", "eth0"]);
  await bothSee(lab, SECOND, "dead");
  await bothSee(lab, "uplink", "ping");
  expect(lab.directors.map(({ log }) => /node uplink: is dead/.test(log))).toEqual([false, false]);
  await lab.director1.plug("eth0", "down");
  await sees(lab.director1, "uplink", "dead");
  await lab.director2.holds(lab.vip);
  await lab.director1.plug("eth0", "up");
  await sees(lab.director1, "uplink", "ping");
  await lab.settled(lab.director2);
  expect(offers(lab)).toBe(1);
});

test.skipIf(why)("the worse director takes over all the same when the better one dies", async () => {
  const lab = await running({ heartbeat: [`ping: [${ROUTER}]`, "ipfail: on"] });
  await lab.director1.plug("eth0", "down");
  await lab.settled(lab.director2);
  await lab.director2.cutPower();
  await lab.director1.holds(lab.vip);
  const { stdout } = await lab.director1.command("status");
  expect(stdout).toMatch(new RegExp(`PING NODE +STATUS +LAST HEARD +REACHED BY\\n${ROUTER} +dead.* nobody`));
});
