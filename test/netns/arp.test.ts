// What the segment hears of an address: gratuitous ARP in both forms after a takeover, and a prompt answer to a rival.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { ArpPacket } from "../../native/arp/index.ts";
import { ClusterLab, type Director } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../support/node-in-namespace.ts";

const why = reasonToSkip("ARP of daemons");

let lab: ClusterLab;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await ClusterLab.create({ autoFailback: "off" });
  await lab.start();
  await lab.settled(lab.director1);
});

afterAll(() => lab?.dispose());

async function macOf(director: Director): Promise<string> {
  return (await director.namespace.run(["cat", "/sys/class/net/eth0/address"])).trim();
}

/** A client that prints each packet in which somebody claims the address. */
async function listening(): Promise<NodeInNamespace> {
  const client = inNamespace(
    lab.client,
    `import { openArp } from "./native/arp/index.ts";
     openArp("eth0").watch((packet) => {
       if (packet.senderAddress === "${lab.vip}") console.log(JSON.stringify(packet));
     }, () => {});
     console.log("ready");`,
  );
  await client.line("ready");
  return client;
}

async function heardFrom(
  client: NodeInNamespace,
  mac: string,
  operation: ArpPacket["operation"],
): Promise<ArpPacket> {
  for (;;) {
    const packet = JSON.parse(await client.line()) as ArpPacket;
    if (packet.senderMac === mac && packet.operation === operation) return packet;
  }
}

test.skipIf(why)("after a takeover the segment hears both forms of gratuitous ARP", async () => {
  const client = await listening();
  expect((await lab.director2.command("takeover")).code).toBe(0);
  const mac = await macOf(lab.director2);
  const request = await heardFrom(client, mac, "request");
  expect(request).toMatchObject({ targetAddress: lab.vip, targetMac: "00:00:00:00:00:00" });
  const reply = await heardFrom(client, mac, "reply");
  expect(reply).toMatchObject({ targetAddress: lab.vip, targetMac: "ff:ff:ff:ff:ff:ff" });
  client.process.kill();
  await lab.settled(lab.director2);
});

test.skipIf(why)("a rival for the address is logged and answered", async () => {
  const client = await listening();
  const mac = await macOf(lab.director2);
  await lab.director2.said(/./);
  const rival = (await lab.client.run(["cat", "/sys/class/net/eth0/address"])).trim();
  await inNamespace(
    lab.client,
    `import { openArp } from "./native/arp/index.ts";
     const socket = openArp("eth0");
     socket.announce("${lab.vip}", "reply");
     socket.close();`,
  ).ended();
  await lab.director2.said(new RegExp(`${lab.vip.replaceAll(".", "\\.")}.*${rival}|${rival}.*${lab.vip}`));
  await heardFrom(client, mac, "request");
  client.process.kill();
  expect(await lab.director2.addresses()).toContain(lab.vip);
});
