// The boot sequence against a machine described as data: what is loaded, what is said, and that a box without a good
// cluster file stays passive until it gets one. The same sequence runs on real hardware models in the vm tests.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type BootPorts, bringUp } from "../../../firmware/init/sequence.ts";
import type { ConfigMedium, ModuleIndex } from "../../../firmware/ports/box.ts";

const example = readFileSync(new URL("../../../image/example/cluster.yaml", import.meta.url), "utf8");

const index: ModuleIndex = {
  always: ["loop"],
  modules: {
    loop: { path: "/loop.ko", deps: [] },
    virtio_pci: { path: "/virtio_pci.ko", deps: [] },
    virtio_net: { path: "/virtio_net.ko", deps: [] },
    i6300esb: { path: "/i6300esb.ko", deps: [] },
    softdog: { path: "/softdog.ko", deps: [] },
  },
  aliases: [
    ["pci:v00001AF4d*", "virtio_pci"],
    ["virtio:d00000001v*", "virtio_net"],
    ["pci:v00008086d000025AB*", "i6300esb"],
  ],
  watchdogs: [{ module: "i6300esb" }, { module: "softdog" }],
};

const medium: ConfigMedium = { name: "/dev/sda3", device: "/dev/sda3", offset: 0, size: 1 << 20 };

interface Machine extends BootPorts {
  readonly did: string[];
  readonly said: string[];
}

interface Hardware {
  readonly pci?: readonly string[];
  /** What the CONFIG medium holds at each look, the last one from then on; undefined is no medium. */
  readonly media?: readonly (string | undefined)[];
  readonly macs?: readonly string[];
}

function machine({
  pci = ["pci:v00001AF4d1000"],
  media = [example],
  macs = ["52:54:00:7a:00:01", "52:54:00:7a:01:01"],
}: Hardware): Machine {
  const did: string[] = [];
  const said: string[] = [];
  const loaded = new Set<string>();
  let look = 0;
  const ok = { ok: true } as const;
  const note = (text: string) => {
    did.push(text);
    return ok;
  };
  const links = () =>
    loaded.has("/virtio_net.ko")
      ? macs.map((mac, i) => ({ name: `eth${i}`, mac, up: false, carrier: i === 0 }))
      : [];
  return {
    did,
    said,
    box: {
      modaliases: () => [...pci, ...(loaded.has("/virtio_pci.ko") ? ["virtio:d00000001v00001AF4"] : [])],
      loadModule: (path) => {
        loaded.add(path);
        return note(`load ${path}`);
      },
      hasWatchdog: () => loaded.has("/i6300esb.ko"),
      configMedia: () => (media[Math.min(look, media.length - 1)] === undefined ? [] : [medium]),
      readClusterFile: () => ({ ok: true, text: media[Math.min(look, media.length - 1)] ?? "" }),
      setHostName: (name) => note(`host name ${name}`),
      setSysctl: () => ok,
      handOver: (text) => note(`hand over ${text.length} characters`),
    },
    network: {
      setLinkUp: (name) => note(`up ${name}`),
      addAddress: (name, address, prefixLength) => note(`add ${address}/${prefixLength} ${name}`),
      addDefaultRoute: (gateway, name) => note(`default via ${gateway} ${name}`),
    },
    log: { write: (severity, text) => void (severity === "debug" || said.push(`${severity}: ${text}`)) },
    pause: {
      pause: async () => {
        look += 1;
      },
    },
    facts: () => ({
      macs: links().map(({ name, mac }) => ({ interface: name, mac })),
      addresses: [],
      hostName: "(none)",
    }),
    links,
  };
}

test("a box with its file comes up in order and hands over last", async () => {
  const box = machine({});
  expect((await bringUp(box, index)).name).toBe("director1");
  expect(box.did).toEqual([
    "up lo",
    "load /loop.ko",
    "load /virtio_pci.ko",
    "load /virtio_net.ko",
    "load /softdog.ko",
    "host name director1",
    "up eth0",
    "add 192.168.140.151/24 eth0",
    "default via 192.168.140.1 eth0",
    "up eth1",
    "add 10.0.0.1/24 eth1",
    `hand over ${example.length} characters`,
  ]);
});

test("the same file on the other box makes it the other node", async () => {
  const box = machine({ macs: ["52:54:00:7a:00:02", "52:54:00:7a:01:02"] });
  expect((await bringUp(box, index)).name).toBe("director2");
});

test("a hardware watchdog keeps the software one out", async () => {
  const box = machine({ pci: ["pci:v00001AF4d1000", "pci:v00008086d000025ABsv0"] });
  await bringUp(box, index);
  expect(box.did).toContain("load /i6300esb.ko");
  expect(box.did).not.toContain("load /softdog.ko");
});

test("without a medium the box is passive, shows its cards once, and picks the file up when it comes", async () => {
  const box = machine({ media: [undefined, undefined, undefined, example] });
  await bringUp(box, index);
  const passive = box.said.filter((line) => line.includes("passive"));
  expect(passive).toHaveLength(1);
  expect(passive[0]).toContain("eth0 52:54:00:7a:00:01 link up");
  expect(passive[0]).toContain("eth1 52:54:00:7a:01:01 no link");
  expect(box.did.at(-1)).toContain("hand over");
});

test("a broken file is shown with line and caret, and nothing of it is applied", async () => {
  const broken = example.replace("keepalive:", "keepaliv:");
  const box = machine({ media: [broken, broken, example] });
  await bringUp(box, index);
  const refusal = box.said.find((line) => line.includes("keepaliv")) ?? "";
  expect(refusal).toMatch(/cluster\.yaml:\d+:\d+/);
  expect(refusal).toContain("^");
  expect(box.did.filter((line) => line.startsWith("add"))).toHaveLength(2);
});

test("a file that names other boxes leaves this one passive and says what was found", async () => {
  const box = machine({
    macs: ["52:54:00:00:00:99"],
    media: [example, example, example.replaceAll("52:54:00:7a:00:01", "52:54:00:00:00:99")],
  });
  await bringUp(box, index);
  expect(box.said.find((line) => line.includes("passive"))).toContain("52:54:00:00:00:99");
});

test("a reason that stays the same is repeated once a minute, not every second", async () => {
  const box = machine({ media: [...Array<undefined>(125).fill(undefined), example] });
  await bringUp(box, index);
  expect(box.said.filter((line) => line.includes("passive"))).toHaveLength(3);
});

test("a card that the file names but the box lacks is said, and the rest comes up", async () => {
  const box = machine({ macs: ["52:54:00:7a:00:01"] });
  await bringUp(box, index);
  expect(box.said.some((line) => line.includes("Interface eth1 of node director1 does not exist"))).toBe(
    true,
  );
  expect(box.did).toContain("add 192.168.140.151/24 eth0");
  expect(box.did.at(-1)).toContain("hand over");
});
