// Fencing by IPMI: the real ipmitool, called by a real daemon, against a simulated controller that cuts the real owner off.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { startBmc } from "../support/bmc.ts";
import { ClusterLab } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";
import { silence, ucastOnEth1 } from "../support/partition.ts";

const why = reasonToSkip("fencing by IPMI");

const address = "10.77.0.100";
const user = "admin";

let lab: ClusterLab;
let directory: string;

afterEach(async () => {
  await lab?.dispose();
  await rm(directory, { recursive: true, force: true });
});

async function running(password: string): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "pulsebox-bmc-"));
  const ipmi = `{ address: ${address}, user: ${user}, password: "${password}", cipher: 3 }`;
  lab = await ClusterLab.create({
    media: ucastOnEth1,
    fencing: { director1: `{ ipmi: ${ipmi}, timeout: 20s }` },
  });
  await lab.start();
  await lab.settled(lab.director1);
  const { namespace, pid } = lab.director1;
  const into = `nsenter --net=/proc/${namespace.pid}/ns/net`;
  const powerOff = [`kill -9 ${pid}`, `${into} ip link set eth0 down`, `${into} ip link set eth1 down`].join(
    "\n",
  );
  await startBmc(lab.client, directory, { address, user, password: "geheim", powerOff });
}

test.skipIf(why)("a silent owner loses its power through its controller, and then its groups", async () => {
  await running("geheim");
  const { pid } = lab.director1;
  await silence(lab.director1);
  await lab.director2.holds(lab.vip);
  expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  expect(lab.director2.log).toContain(`Resetting node director1 with [ipmi ${address}]`);
  expect(lab.director2.log).toContain("node director1 now reset.");
});

test.skipIf(why)(
  "a controller that refuses the password: nothing is taken, and status says what it said",
  async () => {
    await running("falsch");
    await silence(lab.director1);
    await lab.director2.said(/Attempt 1 to fence director1: exit code 1: .*RMCP\+ session/);
    expect((await lab.director2.command("status")).stdout).toMatch(
      /The last attempt failed: .*RMCP\+ session/,
    );
    expect(await lab.director2.addresses()).not.toContain(lab.vip);
    expect(await lab.director1.addresses()).toContain(lab.vip);
    expect(lab.director2.log).not.toContain("falsch");
  },
);
