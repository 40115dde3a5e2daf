// The product as its user gets it: one image, another cluster file flashed into it, one director booted from it as CD
// under BIOS and one as USB stick under UEFI; the virtual address answers a client, survives the loss of the active
// box, and goes home when that box is back. Then each returns from the other kind of medium. A medium is pulled out.
// Between the second serial ports lies a null-modem cable, over which the two still hear each other without a network.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtIso, flashedCopy, scratch } from "../support/built-image.ts";
import { ClientPing } from "../support/client-ping.ts";
import { Guest, type GuestOptions } from "../support/guest.ts";
import { GuestNetwork } from "../support/guest-network.ts";
import { monitor } from "../support/monitor.ts";
import { available } from "../support/netns.ts";

const virtualAddress = "192.168.141.150";
const bootTime = 240_000;
const deadtime = 6_000;

const directory = scratch();
let network: GuestNetwork;
let director1: Guest;
let director2: Guest;
let first: GuestOptions;
let second: GuestOptions;
let iso: string;
let ping: ClientPing;

beforeAll(async () => {
  const why = available();
  if (why !== undefined) throw new Error(why);
  const cluster = new URL("files/failover.yaml", import.meta.url).pathname;
  iso = flashedCopy(builtIso(), cluster, join(directory.path, "flashed.iso"));
  network = await GuestNetwork.create("192.168.141.1/24");
  const plugs = async (last: string) => [
    await network.plug("lan", `52:54:00:7a:00:${last}`),
    await network.plug("cross", `52:54:00:7a:01:${last}`),
  ];
  const monitored = ["-monitor", `unix:${join(directory.path, "director2.sock")},server=on,wait=off`];
  const cable = `socket,id=cable,path=${join(directory.path, "cable.sock")}`;
  const ends = [`${cable},server=on,wait=off`, `${cable},reconnect=1`].map((end) => [
    ...["-chardev", end, "-serial", "chardev:cable"],
  ]);
  first = {
    name: "director1",
    firmware: "bios",
    boot: { from: "cd", iso },
    plugs: await plugs("01"),
    watchdog: "i6300esb",
    more: ends[0] ?? [],
  };
  director1 = Guest.start(network.rack, first);
  second = {
    name: "director2",
    firmware: "uefi",
    boot: { from: "usb", iso },
    plugs: await plugs("02"),
    watchdog: "i6300esb",
    more: [...monitored, ...(ends[1] ?? [])],
  };
  director2 = Guest.start(network.rack, second);
  ping = new ClientPing(network.client, virtualAddress, 200);
});

afterAll(async () => {
  await ping?.stop();
  await Promise.all([director1?.powerCut(), director2?.powerCut()]);
  await network?.dispose();
  directory.dispose();
});

test("the boot loader and the kernel speak on the serial console, under BIOS and under UEFI", async () => {
  for (const guest of [director1, director2]) {
    await guest.waitFor(/pulsebox .*loading/i, bootTime);
    await guest.waitFor(/Linux version/, bootTime);
  }
});

test("each box finds out which node it is from the flashed file, one from CD, one from USB", async () => {
  const one = await director1.waitFor(/this box is node/, bootTime);
  const two = await director2.waitFor(/this box is node/, bootTime);
  expect(one.text).toMatch(
    /Cluster failover-test: this box is node director1 \(by mac\), cluster file from CD \/dev\/sr0/,
  );
  expect(two.text).toMatch(
    /Cluster failover-test: this box is node director2 \(by mac\), cluster file from \/dev\/sd[a-z]3/,
  );
});

test("they hear each other and the preferred owner's virtual address answers the client", async () => {
  await director1.waitFor(/Status update for node director2: status active/, bootTime);
  await director2.waitFor(/Status update for node director1: status active/, bootTime);
  await ping.answered(performance.now(), bootTime);
  expect(await owner()).toBe("52:54:00:7a:00:01");
});

test("without any network they hear each other over the serial cable, and nothing moves", async () => {
  await director1.waitFor(/Link director2:\/dev\/ttyS1 up/, 60_000);
  await director2.waitFor(/Link director1:\/dev\/ttyS1 up/, 60_000);
  const [one, two] = [director1.lines.length, director2.lines.length];
  const plug = (state: "on" | "off") =>
    Promise.all(
      ["net0", "net1"].map((card) =>
        monitor(join(directory.path, "director2.sock"), `set_link ${card} ${state}`),
      ),
    );
  await plug("off");
  for (const card of ["eth0", "eth1"]) {
    await director1.waitFor(new RegExp(`Link director2:${card} dead`), 60_000, one);
    await director2.waitFor(new RegExp(`Link director1:${card} dead`), 60_000, two);
  }
  // A deadtime without network has passed when the last of these links is dead.
  await plug("on");
  for (const card of ["eth0", "eth1"]) {
    await director1.waitFor(new RegExp(`Link director2:${card} up`), 60_000, one);
  }
  const said = [...director1.lines.slice(one), ...director2.lines.slice(two)].map(({ text }) => text);
  expect(said.filter((text) => /is dead|cquiring|Giving up|ttyS1 dead/.test(text))).toEqual([]);
  await ping.answered(performance.now(), 30_000);
  expect(await owner()).toBe("52:54:00:7a:00:01");
});

test("power cut of the active box: the other one answers after the dead time, from RAM, with its medium pulled out", async () => {
  await monitor(join(directory.path, "director2.sock"), "device_del drive");
  const cut = performance.now();
  await director1.powerCut();
  await director2.waitFor(/node director1: is dead/, 60_000);
  await ping.answered(cut + 1_000, 60_000);
  expect(await owner()).toBe("52:54:00:7a:00:02");
  const { length } = ping.longestBlackout(cut);
  console.log(
    `client blackout after the power cut: ${(length / 1000).toFixed(2)} s at deadtime ${deadtime / 1000} s`,
  );
  expect(length).toBeLessThan(deadtime + 10_000);
});

test("the first box comes back, now from a USB stick under BIOS, and gets its address back: failback", async () => {
  const before = director2.lines.length;
  director1 = Guest.start(network.rack, { ...first, boot: { from: "usb", iso } });
  const one = await director1.waitFor(/this box is node director1/, bootTime);
  expect(one.text).toMatch(/cluster file from \/dev\/sd[a-z]3/);
  await director2.waitFor(/Status update for node director1: status active/, bootTime, before);
  await expect.poll(owner, { timeout: 60_000, interval: 500 }).toBe("52:54:00:7a:00:01");
  await ping.answered(performance.now(), 30_000);
});

test("the second box comes back from CD under UEFI and joins without taking anything", async () => {
  await director2.powerCut();
  const before = director1.lines.length;
  director2 = Guest.start(network.rack, { ...second, boot: { from: "cd", iso } });
  const two = await director2.waitFor(/this box is node director2/, bootTime);
  expect(two.text).toMatch(/cluster file from CD \/dev\/sr0/);
  await director1.waitFor(/Status update for node director2: status active/, bootTime, before);
  expect(await owner()).toBe("52:54:00:7a:00:01");
  await ping.answered(performance.now(), 30_000);
});

/** The hardware address that the client's last answer for the virtual address came from. */
async function owner(): Promise<string | undefined> {
  const neighbours = JSON.parse(await network.client.run(["ip", "-j", "neigh", "show", virtualAddress]));
  return neighbours[0]?.lladdr;
}
