// A box whose deciding process hangs must not stay half alive: SIGSTOP it inside the guest and see the hardware timer
// (i6300esb) reset the box, and not before. The image is booted from CD, so its real boot path finds the config.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtIso, flashedCopy, kernelAndInitrd, scratch } from "../support/built-image.ts";
import { Guest } from "../support/guest.ts";
import { GuestNetwork } from "../support/guest-network.ts";
import { withWitness, witnessArgument } from "../support/witness.ts";

/** Longer than the watchdog's timeout: a box that is petted lives through it. */
const calm = 40;

const script = `
wait_for ha_pid
wait_for $B grep -q 192.168.141.150 /proc/net/fib_trie
say owner
$B sleep ${calm}
say stop "$(ha_pid)"
kill -STOP "$(ha_pid)"
`;

const directory = scratch();
let network: GuestNetwork;
let guest: Guest;

beforeAll(async () => {
  const cluster = new URL("files/alone.yaml", import.meta.url).pathname;
  const iso = flashedCopy(builtIso(), cluster, join(directory.path, "flashed.iso"));
  const { kernel, initrd } = kernelAndInitrd(iso, directory.path);
  network = await GuestNetwork.create("192.168.141.1/24");
  guest = Guest.start(network.rack, {
    name: "director1",
    firmware: "bios",
    watchdog: "i6300esb",
    plugs: [await network.plug("lan", "52:54:00:7a:00:01"), await network.plug("cross", "52:54:00:7a:01:01")],
    boot: {
      from: "kernel",
      kernel,
      initrd: withWitness(initrd, script, join(directory.path, "witness.img")),
      append: `console=ttyS0,115200 panic=10 no_timer_check ${witnessArgument}`,
    },
    more: ["-no-reboot", "-drive", `file=${iso},format=raw,if=ide,media=cdrom,readonly=on`],
  });
});

afterAll(async () => {
  await guest?.powerCut();
  await network?.dispose();
  directory.dispose();
});

test("a petted watchdog leaves the box alone, a stopped ha process gets it reset", async () => {
  const owner = await guest.waitFor(/witness: owner/, 240_000);
  const stopped = await guest.waitFor(/witness: stop \d+/, 240_000);
  expect(stopped.at - owner.at).toBeGreaterThan(calm * 1000 * 0.9);
  await expect.poll(() => guest.running, { timeout: 120_000, interval: 500 }).toBe(false);
  expect(guest.lines.filter((line) => /Kernel panic|died of signal/.test(line.text))).toEqual([]);
});
