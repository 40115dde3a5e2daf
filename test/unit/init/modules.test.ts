// Which kernel modules a machine's hardware asks for, against lines as modules.alias really has them.

import { expect, test } from "vitest";
import { aliasPattern, createMatcher, loadOrder } from "../../../firmware/init/modules.ts";
import type { ModuleIndex } from "../../../firmware/ports/box.ts";

const index: ModuleIndex = {
  always: ["loop"],
  modules: {
    loop: { path: "/m/loop.ko", deps: [] },
    virtio: { path: "/m/virtio.ko", deps: [] },
    virtio_net: { path: "/m/virtio_net.ko", deps: ["virtio", "failover", "net_failover"] },
    failover: { path: "/m/failover.ko", deps: [] },
    net_failover: { path: "/m/net_failover.ko", deps: ["failover"] },
    e1000: { path: "/m/e1000.ko", deps: [] },
    usb_storage: { path: "/m/usb-storage.ko", deps: ["absent"] },
  },
  aliases: [
    ["virtio:d00000001v*", "virtio_net"],
    ["pci:v00008086d0000100Esv*sd*bc*sc*i*", "e1000"],
    ["usb:v*p*d*dc*dsc*dp*ic08isc0[2-6]ip50in*", "usb_storage"],
    ["pci:v*d*sv*sd*bc02sc00i*", "e1000"],
  ],
  watchdogs: [{ module: "softdog" }],
};

test.each([
  ["pci:v00008086d0000100Esv*sd*bc*sc*i*", "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00", true],
  ["pci:v00008086d0000100Esv*sd*bc*sc*i*", "pci:v00008086d0000100Fsv00001AF4sd00001100bc02sc00i00", false],
  ["usb:v*ic08isc0[2-6]ip50in*", "usb:v0627p0001d0000dc00dsc00dp00ic08isc06ip50in00", true],
  ["usb:v*ic08isc0[2-6]ip50in*", "usb:v0627p0001d0000dc00dsc00dp00ic08isc07ip50in00", false],
  ["acpi*:PNP0C0C:*", "acpi:PNP0C0C:", true],
  ["a.c", "abc", false],
])("the pattern %s against %s: %s", (pattern, modalias, matches) => {
  expect(aliasPattern(pattern).test(modalias)).toBe(matches);
});

test("a card is found by its own id and by its class, other buses are not asked", () => {
  const match = createMatcher(index);
  expect(match("pci:v00008086d0000100Esv0sd0bc02sc00i00")).toEqual(["e1000", "e1000"]);
  expect(match("virtio:d00000001v00001AF4")).toEqual(["virtio_net"]);
  expect(match("serio:ty01")).toEqual([]);
});

test("dependencies come first, each module once, and what the image lacks is left out", () => {
  expect(loadOrder(index, ["virtio_net", "e1000", "virtio_net"])).toEqual([
    "virtio",
    "failover",
    "net_failover",
    "virtio_net",
    "e1000",
  ]);
  expect(loadOrder(index, ["usb_storage", "nonsense"])).toEqual(["usb_storage"]);
});
