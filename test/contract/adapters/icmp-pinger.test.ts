// The port Pinger on real ICMP: ping nodes of both families answer what they were asked, and a network that is down is said
// once and asked again without anybody's help.

import { afterAll, beforeAll, expect, test } from "vitest";
import { available, Lab, type Namespace } from "../../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../../support/node-in-namespace.ts";

const why = available();
if (why !== undefined) console.warn(`ICMP pinger: skipped, ${why}`);

let lab: Lab;
let box: Namespace;
let router: Namespace;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await Lab.create();
  box = await lab.namespace("box");
  router = await lab.namespace("router");
  await lab.veth(
    { namespace: box, interface: "eth0", addresses: ["10.1.0.1/24", "fd00::1/64"] },
    { namespace: router, interface: "eth0", addresses: ["10.1.0.2/24", "fd00::2/64", "10.2.0.1/32"] },
  );
  await router.run(["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]);
});

afterAll(() => lab?.dispose());

/** Asks the targets every 20 ms, each by its own name, and prints answers and failures. */
function asking(...targets: readonly string[]): NodeInNamespace {
  return inNamespace(
    box,
    `import { IcmpPinger } from "./firmware/adapters/icmp-pinger.ts";
     const pinger = new IcmpPinger();
     pinger.open({
       reply: (source, payload) => console.log("reply " + source + " to " + Buffer.from(payload)),
       error: (target, message) => console.log("error " + target + " " + message),
     });
     const targets = ${JSON.stringify(targets)};
     setInterval(() => targets.forEach((target) => pinger.ping(target, Buffer.from(target))), 20);`,
  );
}

test.skipIf(why)("ping nodes of both families answer with what they were sent", async () => {
  const node = asking("10.1.0.2", "fd00::2");
  await node.line("reply 10.1.0.2 to 10.1.0.2");
  await node.line("reply fd00::2 to fd00::2");
  node.process.kill();
});

test.skipIf(why)("a target without route is an error once, and answers when there is one", async () => {
  const node = asking("10.1.0.2", "10.2.0.1");
  const lines: string[] = [];
  while (lines.filter((line) => line === "reply 10.1.0.2 to 10.1.0.2").length < 5)
    lines.push(await node.line());
  expect(lines.filter((line) => line.startsWith("error"))).toEqual([
    "error 10.2.0.1 icmp: send an echo request of 8 bytes to 10.2.0.1: ENETUNREACH (Network is unreachable)",
  ]);
  await box.run(["ip", "route", "add", "10.2.0.0/24", "via", "10.1.0.2"]);
  await node.line("reply 10.2.0.1 to 10.2.0.1");
  await box.run(["ip", "route", "del", "10.2.0.0/24"]);
  const again = await lineOf(node, /^error 10\.2\.0\.1/);
  expect(again).toContain("ENETUNREACH");
  node.process.kill();
});

async function lineOf(node: NodeInNamespace, pattern: RegExp): Promise<string> {
  for (;;) {
    const line = await node.line();
    if (pattern.test(line)) return line;
  }
}
