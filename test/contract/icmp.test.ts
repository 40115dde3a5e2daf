// The icmp addon against the kernel of another box: it answers echo requests by itself, so that what comes back here is what
// any ping node would send. Whatever cannot be sent is an errno, and nobody else's replies are heard.

import { expect, test } from "vitest";
import { reasonToSkip } from "../support/netns.ts";
import { inNamespace, NodeInNamespace } from "../support/node-in-namespace.ts";
import { useTwoBoxes } from "../support/two-boxes.ts";

const why = reasonToSkip("icmp addon");

const root = new URL("../..", import.meta.url).pathname;

const boxes = useTwoBoxes(why, async (boxes) => {
  await boxes.cable("eth0", ["10.1.0.1/24", "fd00::1/64"], ["10.1.0.2/24", "10.1.0.3/24", "fd00::2/64"]);
  // Else the kernel limits its own answers, and the tests with them (icmp(7)).
  await boxes.right.run(["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"]);
});

/** A module that opens sockets by `open(family, identifier)`, which prints what they hear. */
const listening = `import { openIcmp, longestPayload } from "./native/icmp/index.ts";
  const open = (family, identifier) => {
    const socket = openIcmp({ family, identifier });
    socket.watch(
      (payload, source, sequence) =>
        console.log([identifier, sequence, source, payload.length, Buffer.from(payload.subarray(0, 20))].join(" ")),
      (error) => console.log(error.message),
    );
    return socket;
  };
`;

/** The lines that the code printed up to `wanted`. */
async function heard(code: string, wanted: string): Promise<readonly string[]> {
  const node = inNamespace(boxes().left, `${listening}${code}`);
  const lines: string[] = [];
  do lines.push(await node.line());
  while (lines.at(-1) !== wanted);
  node.process.kill();
  return lines;
}

const families = [
  { family: 4, target: "10.1.0.2" },
  { family: 6, target: "fd00::2" },
] as const;

test.skipIf(why).each(families)(
  "IPv$family: the kernel of $target echoes payload and sequence",
  async ({ family, target }) => {
    const code = `const socket = open(${family}, 4711);
    socket.send("${target}", 65535, Buffer.from("odd"));
    socket.send("${target}", 0, Buffer.from("even"));
    socket.send("${target}", 1, Buffer.alloc(0));`;
    expect(await heard(code, `4711 1 ${target} 0 `)).toEqual([
      `4711 65535 ${target} 3 odd`,
      `4711 0 ${target} 4 even`,
      `4711 1 ${target} 0 `,
    ]);
  },
);

test.skipIf(why).each(families)(
  "IPv$family: a socket hears nobody's replies but its own",
  async ({ family, target }) => {
    const code = `const own = open(${family}, 1);
    const other = openIcmp({ family: ${family}, identifier: 257 });
    other.send("${target}", 7, Buffer.from("for the other"));
    own.send("${target}", 8, Buffer.from("own"));
    own.send("${target}", 9, Buffer.from("end"));`; // answered in order, so the foreign reply is there before
    expect(await heard(code, `1 9 ${target} 3 end`)).toEqual([`1 8 ${target} 3 own`, `1 9 ${target} 3 end`]);
  },
);

test.skipIf(why).each(families)("IPv$family: the longest payload comes back whole", async (each) => {
  const { family, target } = each;
  const code = `open(${family}, 2).send("${target}", 1, Buffer.alloc(longestPayload, "x"));`;
  const whole = `2 1 ${target} 65507 ${"x".repeat(20)}`;
  expect(await heard(code, whole)).toEqual([whole]);
});

test.skipIf(why)("replies tell who answered, and a silent target is no error", async () => {
  const code = `const socket = open(4, 3);
    socket.send("10.1.0.99", 1, Buffer.from("nobody"));
    socket.send("10.1.0.3", 2, Buffer.from("somebody"));`;
  const answer = "3 2 10.1.0.3 8 somebody";
  expect(await heard(code, answer)).toEqual([answer]);
});

test.skipIf(why)("what this box asks itself is answered, and the question is not taken for it", async () => {
  const answer = "5 1 127.0.0.1 4 self";
  expect(await heard(`open(4, 5).send("127.0.0.1", 1, Buffer.from("self"));`, answer)).toEqual([answer]);
});

test.skipIf(why)("a thread that ends while it listens leaves nothing open behind", async () => {
  const thread = `import { parentPort } from "node:worker_threads";
    import { openIcmp } from "./native/icmp/index.ts";
    openIcmp({ family: 4, identifier: 6 }).watch(() => {}, () => {});
    parentPort.postMessage("listens");`;
  const node = inNamespace(
    boxes().left,
    `import { once } from "node:events";
     import { readdirSync, readlinkSync } from "node:fs";
     import { Worker } from "node:worker_threads";
     const sockets = () => readdirSync("/proc/self/fd").map((fd) => {
       try { return readlinkSync("/proc/self/fd/" + fd); } catch { return ""; }
     }).filter((target) => target.startsWith("socket:")).sort().join(" ");
     const before = sockets();
     const worker = new Worker(${JSON.stringify(thread)}, { eval: true });
     await once(worker, "message");
     const meanwhile = sockets();
     await worker.terminate();
     console.log(meanwhile !== before, sockets() === before);`,
  );
  expect(await node.line()).toBe("true true");
  await node.ended();
});

const refusals = [
  {
    what: "a target without route",
    code: `open(4, 1).send("10.9.0.1", 1, Buffer.from("x"))`,
    message: "icmp: send an echo request of 1 bytes to 10.9.0.1: ENETUNREACH (Network is unreachable)",
  },
  {
    what: "a target that the routing table calls unreachable",
    code: `open(4, 1).send("10.8.0.1", 1, Buffer.from("x"))`,
    message: "icmp: send an echo request of 1 bytes to 10.8.0.1: EHOSTUNREACH (No route to host)",
  },
  {
    what: "a broadcast address",
    code: `open(4, 1).send("10.1.0.255", 1, Buffer.from("x"))`,
    message: "icmp: send an echo request of 1 bytes to 10.1.0.255: EACCES (Permission denied)",
  },
  {
    what: "an address of the other family",
    code: `open(4, 1).send("fd00::2", 1, Buffer.from("x"))`,
    message:
      'icmp: send an echo request of 1 bytes to fd00::2: EINVAL (Invalid argument): "fd00::2" is no IPv4 address',
  },
  {
    what: "a host name",
    code: `open(6, 1).send("router", 1, Buffer.from("x"))`,
    message:
      'icmp: send an echo request of 1 bytes to router: EINVAL (Invalid argument): "router" is no IPv6 address',
  },
  {
    what: "one byte too many",
    code: `open(6, 1).send("fd00::2", 1, Buffer.alloc(longestPayload + 1))`,
    message:
      "icmp: send an echo request of 65508 bytes to fd00::2: EMSGSIZE (Message too long): at most 65507 are allowed",
  },
  {
    what: "a closed socket",
    code: `const socket = open(4, 1); socket.close(); socket.close(); socket.send("10.1.0.2", 1, Buffer.from("x"))`,
    message: "icmp: send an echo request of 1 bytes to 10.1.0.2: EBADF (Bad file descriptor)",
  },
  {
    what: "watching a closed socket",
    code: `const socket = openIcmp({ family: 4, identifier: 1 }); socket.close(); socket.watch(() => {}, () => {})`,
    message: "icmp: watch: EBADF (Bad file descriptor): it was closed",
  },
  {
    what: "watching a second time",
    code: "open(4, 1).watch(() => {}, () => {})",
    message: "icmp: watch: EALREADY (Operation already in progress): it is watched already",
  },
  {
    what: "an identifier beyond 16 bits",
    code: "open(4, 65536)",
    message: "identifier: 65536 is not an integer from 0 to 65535",
  },
  {
    what: "a sequence number that is none",
    code: `open(4, 1).send("10.1.0.2", Number.NaN, Buffer.from("x"))`,
    message: "sequence: NaN is not an integer from 0 to 65535",
  },
];

const tried = (code: string) =>
  `${listening}try { ${code}; console.log("no error"); } catch (error) { console.log(error.message); }`;

test.skipIf(why).each(refusals)("$what is refused with errno's name", async ({ code, message }) => {
  await boxes().left.exec(["ip", "route", "replace", "unreachable", "10.8.0.0/24"]);
  const node = inNamespace(boxes().left, tried(code));
  expect(await node.line()).toBe(message);
  node.process.kill();
});

test.skipIf(why)("without the privilege for raw sockets it says so", async () => {
  const argv = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"];
  const program = [process.execPath, "--input-type=module-typescript", "--eval", tried("open(4, 1)")];
  const child = boxes().left.spawn([...argv, ...program], { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
  expect(await new NodeInNamespace(child).line()).toBe(
    "icmp: open a raw ICMP socket for IPv4: EPERM (Operation not permitted)",
  );
});
