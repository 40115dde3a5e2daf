// A box without a usable cluster file stays passive and says why; when a stick with a good one is put in, it goes into
// service by itself. The stick is first empty-handed: its file has an error that the console shows with line and caret.

import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtIso, flashedCopy, kernelAndInitrd, scratch } from "../support/built-image.ts";
import { ClientPing } from "../support/client-ping.ts";
import { Guest } from "../support/guest.ts";
import { GuestNetwork } from "../support/guest-network.ts";
import { monitor } from "../support/monitor.ts";

const cluster = new URL("files/alone.yaml", import.meta.url).pathname;
const directory = scratch();
const socket = join(directory.path, "monitor.sock");
let good: string;
let broken: string;
let network: GuestNetwork;
let guest: Guest;

/** Puts a broken cluster file onto the medium behind the builder's back, as somebody with an editor would. */
function breakConfig(iso: string, to: string): string {
  copyFileSync(iso, to);
  const text = join(directory.path, "cluster.yaml");
  writeFileSync(text, readFileSync(cluster, "utf8").replace("deadtime: 6s", "deadtme: 6s"));
  const offset = readFileSync(to).readUInt32LE(486) * 512;
  const copied = spawnSync("mcopy", ["-o", "-i", `${to}@@${offset}`, text, "::cluster.yaml"], {
    encoding: "utf8",
  });
  if (copied.status !== 0) throw new Error(copied.stderr);
  return to;
}

async function putIn(iso: string, name: string): Promise<void> {
  await monitor(socket, `drive_add 0 id=${name},file=${iso},format=raw,if=none,snapshot=on`);
  await monitor(socket, `device_add usb-storage,id=stick-${name},drive=${name},removable=on`);
}

beforeAll(async () => {
  const iso = builtIso();
  good = flashedCopy(iso, cluster, join(directory.path, "good.iso"));
  broken = breakConfig(good, join(directory.path, "broken.iso"));
  const { kernel, initrd } = kernelAndInitrd(iso, directory.path);
  network = await GuestNetwork.create("192.168.141.1/24");
  guest = Guest.start(network.rack, {
    name: "director1",
    firmware: "bios",
    plugs: [await network.plug("lan", "52:54:00:7a:00:01"), await network.plug("cross", "52:54:00:7a:01:01")],
    boot: { from: "kernel", kernel, initrd, append: "console=ttyS0,115200 panic=10 no_timer_check" },
    more: ["-device", "usb-ehci", "-monitor", `unix:${socket},server=on,wait=off`],
  });
});

afterAll(async () => {
  await guest?.powerCut();
  await network?.dispose();
  directory.dispose();
});

test("without a medium the box is passive and shows its cards", async () => {
  await guest.waitFor(/This box is passive/, 240_000);
  await guest.waitFor(/no medium with a file system labelled CONFIG/, 10_000);
  await guest.waitFor(/eth0 52:54:00:7a:00:01/, 10_000);
});

test("a medium with a broken file: the error is shown with line and caret, the box stays passive", async () => {
  await putIn(broken, "broken");
  await guest.waitFor(/cluster\.yaml:\d+:\d+: error: .*deadtme/, 60_000);
  await guest.waitFor(/\^/, 10_000);
  expect(guest.lines.some((line) => /this box is node/.test(line.text))).toBe(false);
  await monitor(socket, "device_del stick-broken");
});

test("a medium with a good file puts the box into service", async () => {
  await putIn(good, "good");
  await guest.waitFor(/this box is node director1/, 60_000);
  const ping = new ClientPing(network.client, "192.168.141.150", 200);
  try {
    await ping.answered(performance.now(), 120_000);
  } finally {
    await ping.stop();
  }
});
