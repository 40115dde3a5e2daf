// The port Arp on a real segment: what is announced is heard, a rival is told from this box's own cards, and an interface that
// was replaced is announced on and listened to again.

import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type Namespace, reasonToSkip } from "../../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../../support/node-in-namespace.ts";
import { until } from "../../support/until.ts";

const why = reasonToSkip("ARP adapter");

let lab: Lab;
let box: Namespace;
let other: Namespace;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await Lab.create();
  box = await lab.namespace("box");
  other = await lab.namespace("other");
  await cable();
});

afterAll(() => lab?.dispose());

const cable = () =>
  lab.veth(
    { namespace: box, interface: "eth0", mac: "52:54:00:00:00:01" },
    { namespace: other, interface: "eth0", mac: "52:54:00:00:00:02" },
  );

const rivals = `
  import { PacketArp } from "./firmware/adapters/packet-arp.ts";
  const arp = new PacketArp((mac) => mac === "52:54:00:00:00:01" || mac === "52:54:00:00:00:03");
  const held = ["10.0.0.9"];
  console.log(JSON.stringify(arp.watch("eth0", () => held, (address, mac) => console.log("rival " + address + " " + mac))));`;

/** Announces from the other box, with the hardware address given. */
async function claim(address: string, mac = "52:54:00:00:00:02"): Promise<void> {
  await other.run(["ip", "link", "set", "eth0", "address", mac]);
  await inNamespace(
    other,
    `import { openArp } from "./native/arp/index.ts";
     const socket = openArp("eth0");
     socket.announce("${address}", "reply");
     socket.close();`,
  ).ended();
}

async function watching(): Promise<NodeInNamespace> {
  const process = inNamespace(box, rivals);
  expect(await process.line()).toBe('{"ok":true}');
  return process;
}

test.skipIf(why)("a rival is one who claims an address held here and is not this box", async () => {
  const process = await watching();
  await claim("10.0.0.8");
  await claim("10.0.0.9", "52:54:00:00:00:03");
  await claim("10.0.0.9");
  expect(await process.line()).toBe("rival 10.0.0.9 52:54:00:00:00:02");
  process.process.kill();
});

test.skipIf(why)("an interface that was taken out and put in again is listened to again", async () => {
  const process = await watching();
  await box.run(["ip", "link", "del", "eth0"]);
  await cable();
  let heard = false;
  const line = process.line("rival 10.0.0.9 52:54:00:00:00:02").then(() => {
    heard = true;
  });
  await until("the rival is heard on the new interface", async () => {
    await claim("10.0.0.9");
    return heard;
  });
  await line;
  process.process.kill();
});

test.skipIf(why)(
  "announcing goes on over a replaced interface, and without one fails with errno's name",
  async () => {
    const listener = inNamespace(
      other,
      `import { openArp } from "./native/arp/index.ts";
     openArp("eth0").watch(({ operation, senderAddress }) => console.log(operation + " " + senderAddress), () => {});
     console.log("ready");`,
    );
    await listener.line("ready");
    const announcer = inNamespace(
      box,
      `import { execFileSync } from "node:child_process";
     import { PacketArp } from "./firmware/adapters/packet-arp.ts";
     const arp = new PacketArp(() => false);
     const ip = (...words) => execFileSync("ip", words);
     console.log(JSON.stringify(arp.announce("eth0", "10.0.0.9", "request")));
     ip("link", "set", "eth0", "down");
     console.log(JSON.stringify(arp.announce("eth0", "10.0.0.9", "reply")));
     ip("link", "set", "eth0", "up");
     console.log(JSON.stringify(arp.announce("eth0", "10.0.0.9", "reply")));
     console.log(JSON.stringify(arp.announce("eth7", "10.0.0.9", "reply")));
     arp.close();`,
    );
    expect(await announcer.line()).toBe('{"ok":true}');
    expect(await announcer.line()).toContain("ENETDOWN");
    expect(await announcer.line()).toBe('{"ok":true}');
    expect(await announcer.line()).toContain("ENODEV");
    expect(await listener.line()).toBe("request 10.0.0.9");
    expect(await listener.line()).toBe("reply 10.0.0.9");
    listener.process.kill();
  },
);
