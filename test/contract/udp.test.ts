// The udp addon on real links: what was sent by one interface arrives by that link alone, in each of the three forms, and a
// link that fails is an errno, never silence.

import { expect, test } from "vitest";
import { reasonToSkip } from "../support/netns.ts";
import { inNamespace } from "../support/node-in-namespace.ts";
import { useTwoBoxes } from "../support/two-boxes.ts";

const why = reasonToSkip("udp addon");

/** Two cables between two boxes: 10.1.0.0/24 on eth0, 10.2.0.0/24 on eth1. */
const boxes = useTwoBoxes(why, async (boxes) => {
  await boxes.cable("eth0", ["10.1.0.1/24"], ["10.1.0.2/24"]);
  await boxes.cable("eth1", ["10.2.0.1/24"], ["10.2.0.2/24"]);
});

/** Listens with `options` on the right box and returns what arrived after the left box ran `send`. */
async function heard(options: readonly string[], send: string): Promise<unknown> {
  const listener = inNamespace(
    boxes().right,
    `import { openUdp } from "./native/udp/index.ts";
     const all = ${JSON.stringify(options)}.map((text) => ({ text, options: JSON.parse(text) }));
     const got = [];
     // What was sent before the end has arrived too, but on another socket it may be read a loop turn later.
     const finish = () => { console.log(JSON.stringify(got.sort())); process.exit(0); };
     for (const { text, options } of all) {
       openUdp(options).watch((bytes, source) => {
         const what = Buffer.from(bytes).toString();
         if (what === "end") setImmediate(() => setImmediate(finish));
         else got.push([options.form, options.interface, what, source].join(" "));
       }, (error) => console.log(error.message));
     }
     console.log("ready");`,
  );
  await listener.line("ready");
  await inNamespace(boxes().left, `import { openUdp } from "./native/udp/index.ts";\n${send}`).ended();
  return JSON.parse(await listener.line());
}

const bcast = (name: string) => JSON.stringify({ form: "broadcast", interface: name, port: 694 });
const ucast = (name: string, peer: string) =>
  JSON.stringify({ form: "unicast", interface: name, port: 694, peer });
const mcast = (name: string) =>
  JSON.stringify({ form: "multicast", interface: name, port: 694, group: "225.0.0.1", ttl: 1, loop: false });

test.skipIf(why)("two broadcast sockets on one port keep their links apart", async () => {
  const got = await heard(
    [bcast("eth0"), bcast("eth1")],
    `openUdp(${bcast("eth0")}).send(Buffer.from("by eth0"));
     openUdp(${bcast("eth1")}).send(Buffer.from("by eth1"));
     openUdp(${bcast("eth1")}).send(Buffer.from("end"));`,
  );
  expect(got).toEqual(["broadcast eth0 by eth0 10.1.0.1", "broadcast eth1 by eth1 10.2.0.1"]);
});

test.skipIf(why)("each form hears its own kind on one interface and port", async () => {
  const got = await heard(
    [bcast("eth0"), ucast("eth0", "10.1.0.1"), mcast("eth0")],
    `openUdp(${bcast("eth0")}).send(Buffer.from("to all"));
     openUdp(${mcast("eth0")}).send(Buffer.from("to the group"));
     openUdp(${ucast("eth0", "10.1.0.2")}).send(Buffer.from("to one"));
     openUdp(${ucast("eth0", "10.1.0.2")}).send(Buffer.from("end"));`,
  );
  expect(got).toEqual([
    "broadcast eth0 to all 10.1.0.1",
    "multicast eth0 to the group 10.1.0.1",
    "unicast eth0 to one 10.1.0.1",
  ]);
});

test.skipIf(why)("a datagram of the greatest length arrives whole", async () => {
  const got = await heard(
    [ucast("eth0", "10.1.0.1")],
    `const socket = openUdp(${ucast("eth0", "10.1.0.2")});
     socket.send(Buffer.alloc(65507, "x"));
     socket.send(Buffer.from("end"));`,
  );
  expect(got).toEqual([`unicast eth0 ${"x".repeat(65507)} 10.1.0.1`]);
});

const refusals = [
  {
    what: "an interface that does not exist",
    code: `openUdp(${bcast("eth7")})`,
    message: "udp: open port 694 on eth7: ENODEV (No such device)",
  },
  {
    what: "an interface name that the kernel would cut off",
    code: `openUdp(${bcast("eth0eth0eth0eth0")})`,
    message:
      "udp: open port 694 on eth0eth0eth0eth0: ENODEV (No such device): an interface name has 1 to 15 characters",
  },
  {
    what: "a broadcast on an interface without address",
    code: `openUdp(${bcast("bare")})`,
    message:
      "udp: open port 694 on bare: EADDRNOTAVAIL (Cannot assign requested address): bare has no IPv4 address",
  },
  {
    what: "a peer that is no IPv4 address",
    code: `openUdp(${ucast("eth0", "fe80::1")})`,
    message: 'udp: open port 694 on eth0: EINVAL (Invalid argument): "fe80::1" is no IPv4 address',
  },
  {
    what: "a link that is down",
    code: `openUdp(${ucast("fallen", "10.3.0.2")}).send(Buffer.from("x"))`,
    message: "udp: send 1 bytes to 10.3.0.2:694 on fallen: ENETUNREACH (Network is unreachable)",
  },
  {
    what: "a port beyond 65535",
    code: `openUdp({ form: "broadcast", interface: "eth0", port: 65536 })`,
    message: "port: 65536 is not an integer from 1 to 65535",
  },
];

test.skipIf(why).each(refusals)("$what is refused with errno's name", async ({ code, message }) => {
  await boxes().left.exec(["ip", "link", "add", "bare", "type", "bridge"]);
  await boxes().left.exec(["ip", "link", "set", "bare", "up"]);
  await boxes().left.exec(["ip", "link", "add", "fallen", "type", "bridge"]);
  const said = await inNamespace(
    boxes().left,
    `import { openUdp } from "./native/udp/index.ts";
     try { ${code}; console.log("no error"); } catch (error) { console.log(error.message); }`,
  ).line();
  expect(said).toBe(message);
});

test.skipIf(why)("a broadcast address that moved is told when sending", async () => {
  await boxes().left.exec(["ip", "link", "add", "moving", "type", "bridge"]);
  await boxes().left.run(["ip", "link", "set", "moving", "up"]);
  await boxes().left.run(["ip", "addr", "add", "10.5.0.1/24", "broadcast", "10.5.0.255", "dev", "moving"]);
  const said = await inNamespace(
    boxes().left,
    `import { openUdp } from "./native/udp/index.ts";
     import { execFileSync } from "node:child_process";
     const socket = openUdp(${bcast("moving")});
     socket.send(Buffer.from("x"));
     const ip = (...words) => execFileSync("ip", words);
     ip("addr", "flush", "dev", "moving");
     ip("addr", "add", "10.6.0.1/24", "broadcast", "10.6.0.255", "dev", "moving");
     try { socket.send(Buffer.from("x")); } catch (error) { console.log(error.message); }`,
  ).line();
  expect(said).toContain("EADDRNOTAVAIL");
  expect(said).toContain("the broadcast address is now 10.6.0.255");
});
