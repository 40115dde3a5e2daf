// The port Pinger on real ICMP: ping nodes of both families answer what they were asked, and a network that is down is said
// once and asked again without anybody's help.

import { expect, test } from "vitest";
import { reasonToSkip } from "../../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../../support/node-in-namespace.ts";
import { useTwoBoxes } from "../../support/two-boxes.ts";

const why = reasonToSkip("ICMP pinger");

/** The right one is a router with another network behind it. */
const boxes = useTwoBoxes(why, async (boxes) => {
  await boxes.cable("eth0", ["10.1.0.1/24", "fd00::1/64"], ["10.1.0.2/24", "fd00::2/64", "10.2.0.1/32"]);
  await boxes.right.run(["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]);
});

/** Asks the targets every 20 ms, each by its own name, and prints answers and failures. */
function asking(...targets: readonly string[]): NodeInNamespace {
  return inNamespace(
    boxes().left,
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
  await boxes().left.run(["ip", "route", "add", "10.2.0.0/24", "via", "10.1.0.2"]);
  await node.line("reply 10.2.0.1 to 10.2.0.1");
  await boxes().left.run(["ip", "route", "del", "10.2.0.0/24"]);
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
