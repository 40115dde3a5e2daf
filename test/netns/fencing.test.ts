// Fencing with real daemons and a real device: a script that cuts the other's power, which here means that its daemon dies and
// its links go. Nobody may ever see the address twice.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ClusterLab, type Director } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";
import { silence, ucastOnEth1, unsilence } from "../support/partition.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("fencing by daemons");

let lab: ClusterLab;
let directory: string;

afterEach(async () => {
  await lab?.dispose();
  await rm(directory, { recursive: true, force: true });
});

/** A pair whose director1, the owner, is fenced by `script`; `$POWER` in it is a program that really cuts its power. */
async function running(script: string, media: readonly string[] = ucastOnEth1): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), "pulsebox-fencing-"));
  const program = join(directory, "fence");
  lab = await ClusterLab.create({
    media,
    fencing: { director1: `{ command: [${program}], timeout: 5s }` },
  });
  const power = join(directory, "power");
  await executable(program, `POWER=${power}\n${script}`);
  await lab.start();
  await lab.settled(lab.director1);
  const into = `nsenter --net=/proc/${lab.director1.namespace.pid}/ns/net`;
  const links = ["eth0", "eth1"].map((name) => `${into} ip link set ${name} down`).join("\n");
  await executable(power, `kill -9 ${lab.director1.pid}\n${links}`);
}

async function executable(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\nset -e\n${script}\n`, { mode: 0o755 });
}

const isAlive = (director: Director): boolean => existsSync(`/proc/${director.pid}/exe`);

async function status(director: Director): Promise<string> {
  return (await director.command("status")).stdout;
}

test.skipIf(why)("a partition: the silent owner is switched off before its groups are taken", async () => {
  await running(`echo "cutting $FENCE_NODE"\n"$POWER"`);
  await Promise.all([silence(lab.director1), silence(lab.director2)]);
  await lab.director2.holds(lab.vip);
  expect(isAlive(lab.director1)).toBe(false);
  const said = lab.director2.log;
  const order = [
    /node director1: is dead/,
    /Resetting node director1 with \[.*fence\]/,
    /node director1 now reset\./,
    /Resources being acquired from director1\./,
  ].map((pattern) => said.search(pattern));
  expect(order).not.toContain(-1);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(said).not.toContain("No STONITH device configured.");
  expect(lab.director1.log).not.toContain("Resetting node");
  expect((await lab.director2.command("why")).stdout).toMatch(/director1 has been fenced/);
});

test.skipIf(why)("a device that fails: nothing is taken until it succeeds", async () => {
  await running(
    `[ -e "$(dirname "$0")/works" ] || { echo "no answer from the power switch"; exit 1; }\n"$POWER"`,
  );
  await silence(lab.director1);
  await lab.director2.said(/Host director1 not reset!/);
  await lab.director2.said(/STONITH of director1 failed\. {2}Retrying\.\.\./);
  expect(await lab.director2.addresses()).not.toContain(lab.vip);
  expect(await lab.director1.addresses()).toContain(lab.vip);
  expect(await status(lab.director2)).toContain(
    "The last attempt failed: exit code 1: no answer from the power switch",
  );
  await writeFile(join(directory, "works"), "");
  await lab.director2.holds(lab.vip);
  expect(isAlive(lab.director1)).toBe(false);
});

test.skipIf(why)("a device that fails: an operator who has cut the power himself may say so", async () => {
  await running("exit 1");
  const early = await lab.director2.command("fenced", "director1");
  expect(early).toMatchObject({
    code: 1,
    stderr: "pulsebox: fenced director1: director1 is not dead, but active\n",
  });
  await lab.director1.cutPower();
  await lab.director2.said(/Host director1 not reset!/);
  expect(await status(lab.director2)).toContain("pulsebox fenced director1");
  expect(await lab.director2.addresses()).not.toContain(lab.vip);
  const { code, stdout } = await lab.director2.command("fenced", "director1");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "director1 counts as switched off; its groups are taken over now\n",
  });
  await lab.director2.holds(lab.vip);
  expect(await status(lab.director2)).toContain("director1 was switched off by hand.");
});

test.skipIf(why)(
  "an owner that is heard again in time is left alone, and the device's program is ended",
  async () => {
    await running(`echo $$ >"$(dirname "$0")/pid"\nexec sleep 60`);
    await silence(lab.director1);
    await until("the device works", () => existsSync(join(directory, "pid")));
    await unsilence(lab.director1);
    await lab.director2.said(/Fencing of director1 ends/);
    await lab.settled(lab.director1);
    const pid = (await lab.director2.namespace.run(["cat", join(directory, "pid")])).trim();
    await until("the device's program is gone", () => !existsSync(`/proc/${pid}/exe`));
    expect(await lab.director1.addresses()).toContain(lab.vip);
    expect(await lab.director2.addresses()).not.toContain(lab.vip);
  },
);

test.skipIf(why)("a clean stop waits for no device", async () => {
  await running("exit 1");
  await lab.director1.end("SIGTERM");
  await lab.director2.holds(lab.vip);
  expect(lab.director2.log).not.toContain("Resetting node");
});

test.skipIf(why)("a device that is not there is told at the start", async () => {
  directory = await mkdtemp(join(tmpdir(), "pulsebox-fencing-"));
  lab = await ClusterLab.create({ fencing: { director1: "{ command: [/nowhere/fence] }" } });
  await lab.start();
  await lab.director2.said(
    /ERROR: Node director1 cannot be fenced from here: ENOENT: no such file or directory, access '\/nowhere\/fence'/,
  );
  expect(lab.director1.log).not.toContain("cannot be fenced");
});
