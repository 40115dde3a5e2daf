// The port Medium on a real cable: whole frames between two ends, on the udpport of the file, and a link that goes and comes back is said once and works
// again without anybody's help.

import { expect, test } from "vitest";
import { type Namespace, reasonToSkip } from "../../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../../support/node-in-namespace.ts";
import { useTwoBoxes } from "../../support/two-boxes.ts";

const why = reasonToSkip("UDP media");

const boxes = useTwoBoxes(why);

const cable = () => boxes().cable("eth0", ["10.1.0.1/24"], ["10.1.0.2/24"]);

/** A node with the media of a cluster file that sends its name every 20 ms and prints what it hears and what goes wrong. */
function node(where: Namespace, name: string, own: string, media: unknown): NodeInNamespace {
  return inNamespace(
    where,
    `import { heartbeatMedia } from "./firmware/adapters/heartbeat-media.ts";
     const { media } = heartbeatMedia({ udpport: 6940, media: ${JSON.stringify(media)} }, new Set(["${own}"]));
     for (const medium of media) {
       medium.open({
         frame: (bytes, source) => console.log(medium.id + " heard " + Buffer.from(bytes) + " from " + source),
         error: (message) => console.log(medium.id + " error " + message),
       });
       setInterval(() => medium.send(Buffer.from("${name}")), 20);
     }`,
  );
}

const both = [
  { kind: "bcast", interface: "eth0" },
  { kind: "ucast", interface: "eth0", peer: "10.1.0.1" },
  { kind: "ucast", interface: "eth0", peer: "10.1.0.2" },
  { kind: "mcast", interface: "eth0", group: "225.0.0.1", port: 695, ttl: 1, loop: 0 },
];

test.skipIf(why)(
  "media wait for an interface that is missing, say so once, and hear each other when it is there",
  async () => {
    const one = node(boxes().left, "one", "10.1.0.1", both);
    expect(await one.line()).toMatch(/^bcast eth0 error udp: open port 6940 on eth0: ENODEV/);
    expect(await one.line()).toMatch(/^ucast eth0 10\.1\.0\.2 error .*ENODEV/);
    expect(await one.line()).toMatch(/^mcast eth0 225\.0\.0\.1 error .*ENODEV/);
    const other = node(boxes().right, "other", "10.1.0.2", both);
    await cable();
    await one.line("bcast eth0 heard other from 10.1.0.2");
    await one.line("ucast eth0 10.1.0.2 heard other from 10.1.0.2");
    await one.line("mcast eth0 225.0.0.1 heard other from 10.1.0.2");

    await boxes().right.run(["ip", "link", "del", "eth0"]);
    const errors = new Set<string>();
    while (errors.size < 3) {
      const line = await one.line();
      const seen = /^(.* error) .*(ENODEV|EADDRNOTAVAIL|ENETUNREACH|ENETDOWN)/.exec(line);
      if (seen !== null) errors.add(seen[1] ?? "");
    }
    await cable();
    await one.line("bcast eth0 heard other from 10.1.0.2");
    await one.line("ucast eth0 10.1.0.2 heard other from 10.1.0.2");
    await one.line("mcast eth0 225.0.0.1 heard other from 10.1.0.2");
    one.process.kill();
    other.process.kill();
  },
);

test.skipIf(why)(
  "unicast to several peers on one interface: each frame belongs to its sender's medium",
  async () => {
    await boxes().right.run(["ip", "addr", "add", "10.1.0.3/24", "dev", "eth0"]);
    const peers = ["10.1.0.2", "10.1.0.3"].map((peer) => ({ kind: "ucast", interface: "eth0", peer }));
    const one = node(boxes().left, "one", "10.1.0.1", peers);
    const sender = inNamespace(
      boxes().right,
      `import { createSocket } from "node:dgram";
     for (const address of ["10.1.0.2", "10.1.0.3"]) {
       const socket = createSocket("udp4");
       socket.bind(0, address, () => setInterval(() => socket.send(address, 6940, "10.1.0.1"), 20));
     }`,
    );
    await one.line("ucast eth0 10.1.0.2 heard 10.1.0.2 from 10.1.0.2");
    await one.line("ucast eth0 10.1.0.3 heard 10.1.0.3 from 10.1.0.3");
    one.process.kill();
    sender.process.kill();
  },
);
