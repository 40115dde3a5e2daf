// The whole way from text to configuration: the example that is shipped, defaults, every section, and that no text
// whatever makes it throw.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkClusterFile } from "../../../firmware/core/config/cluster-file.ts";
import { renderDiagnostics } from "../../../firmware/core/config/render.ts";
import { longestFile } from "../../../firmware/core/config/source-text.ts";

const example = readFileSync(new URL("../../../image/example/cluster.yaml", import.meta.url), "utf8");

/** The configuration of a file that must be good. */
function good(text: string) {
  const { config, diagnostics } = checkClusterFile(text, "cluster.yaml");
  if (config === undefined) throw new Error(renderDiagnostics(diagnostics, text));
  return config;
}

const messages = (text: string) =>
  checkClusterFile(text, "cluster.yaml").diagnostics.map(
    ({ severity, message }) => `${severity}: ${message}`,
  );

test("the example is good and has no warnings", () => {
  expect(messages(example)).toEqual([]);
});

test("the example says what the demo needs", () => {
  const { nodes, heartbeat, resources } = good(example);
  expect(nodes.map(({ name, identity }) => [name, identity.mac])).toEqual([
    ["director1", "52:54:00:7a:00:01"],
    ["director2", "52:54:00:7a:00:02"],
  ]);
  expect(nodes[0]?.interfaces).toEqual([
    { name: "eth0", address: { address: "192.168.140.151", prefixLength: 24 }, gateway: "192.168.140.1" },
    { name: "eth1", address: { address: "10.0.0.1", prefixLength: 24 } },
  ]);
  expect(heartbeat.media).toEqual([
    { kind: "bcast", interface: "eth1" },
    { kind: "ucast", interface: "eth0", peer: "192.168.140.151" },
    { kind: "ucast", interface: "eth0", peer: "192.168.140.152" },
  ]);
  expect(heartbeat.watchdog).toBe("/dev/watchdog");
  expect(resources.map(({ node, resources: words }) => [node, words])).toEqual([
    [
      "director1",
      [{ kind: "address", word: "192.168.140.150/24", address: "192.168.140.150", prefixLength: 24 }],
    ],
  ]);
});

const shortest = `version: 1
cluster: c1
nodes:
  n1: { interfaces: { eth0: { address: 10.0.0.1/24 } } }
  n2: { interfaces: { eth0: { address: 10.0.0.2/24 } } }
heartbeat:
  media: [{ bcast: eth0 }]
  auth: { method: crc }
`;

test("what the file leaves out is as heartbeat has it", () => {
  expect(good(shortest).heartbeat).toEqual({
    keepalive: 1000,
    warntime: 15_000,
    deadtime: 30_000,
    initdead: 60_000,
    autoFailback: "on",
    udpport: 694,
    baud: 19_200,
    hopfudge: 1,
    media: [{ kind: "bcast", interface: "eth0" }],
    auth: { sendWith: 1, keys: [{ id: 1, method: "crc" }] },
    deadping: 30_000,
    ping: [],
    pingGroups: [],
    ipfail: false,
    respawn: [],
  });
});

test.each([
  ["deadtime: 3s", { warntime: 1500, initdead: 12_000 }],
  ["deadtime: 8s", { warntime: 4000, initdead: 16_000 }],
  ["auto_failback: off", { autoFailback: "off" }],
  ["auto_failback: true", { autoFailback: "on" }],
  ["auto_failback: legacy", { autoFailback: "legacy" }],
  ["udpport: 1694", { udpport: 1694 }],
])("with %s heartbeat has %j", (line, expected) => {
  expect(good(shortest.replace("  auth:", `  ${line}\n  auth:`)).heartbeat).toMatchObject(expected);
});

test("of several keys the one that says so sends", () => {
  const keys = `auth:
    - { id: 1, method: md5, key: old }
    - { id: 2, method: sha1, key: new, send: on }`;
  expect(good(shortest.replace("auth: { method: crc }", keys)).heartbeat.auth).toEqual({
    sendWith: 2,
    keys: [
      { id: 1, method: "md5", key: "old" },
      { id: 2, method: "sha1", key: "new" },
    ],
  });
});

test("every section has its normal form", () => {
  const full = `${shortest.replace(
    "  auth:",
    `  ping: [10.0.0.9]
  ping_group: { up: [10.0.0.8, "2001:DB8::8"] }
  ipfail: on
  respawn: [{ user: worker, command: [/bin/agent, -v] }, { user: 4001, command: [/bin/other] }]
  auth:`,
  )}resources: [{ node: n1, group: [10.0.0.50, traffic, "maid::vacuum"] }]
services:
  web:
    address: 10.0.0.50
    port: 80
    check: { type: http, path: / }
    servers: { s3: { address: 10.0.0.3 }, s4: { address: 10.0.0.4, weight: 0, forwarding: nat, port: 8080 } }
  marked: { fwmark: 7, scheduler: rr, persistence: 5m, servers: { s3: { address: 10.0.0.3 } } }
`;
  const { heartbeat, resources, services } = good(full);
  expect(heartbeat).toMatchObject({
    ping: ["10.0.0.9"],
    pingGroups: [{ name: "up", members: ["10.0.0.8", "2001:db8::8"] }],
    ipfail: true,
    respawn: [
      { user: "worker", command: ["/bin/agent", "-v"] },
      { user: "4001", command: ["/bin/other"] },
    ],
  });
  expect(resources[0]?.resources.map(({ kind }) => kind)).toEqual(["address", "traffic", "script"]);
  expect(services).toEqual([
    {
      name: "web",
      address: "10.0.0.50",
      port: 80,
      protocol: "tcp",
      scheduler: "wlc",
      forwarding: "direct",
      check: { type: "http", path: "/", interval: 2000, timeout: 1000, rise: 2, fall: 3 },
      servers: [
        { name: "s3", address: "10.0.0.3", weight: 1 },
        { name: "s4", address: "10.0.0.4", port: 8080, weight: 0, forwarding: "nat" },
      ],
    },
    {
      name: "marked",
      fwmark: 7,
      persistence: 300_000,
      scheduler: "rr",
      forwarding: "direct",
      servers: [{ name: "s3", address: "10.0.0.3", weight: 1 }],
    },
  ]);
});

test("anchors and aliases are allowed", () => {
  const shared = shortest.replace("media: [{ bcast: eth0 }]", "media: [{ bcast: &card eth0 }]");
  expect(good(`${shared}resources: [{ node: n1, group: [10.0.0.50/24/eth0] }]\n`)).toBeDefined();
  const twice = shared
    .replace("n1: { interfaces: {", "n1: { interfaces: &both {")
    .replace("10.0.0.2/24", "*none");
  expect(messages(twice)).toEqual(['error: the alias "*none" has no anchor before it']);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "%s is an unknown key like any other",
  (key) => {
    const found = messages(`${shortest}${key}: 1\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`"${key}"`);
  },
);

test("a file that is too large is refused without being read", () => {
  expect(messages(`${shortest}#${"x".repeat(longestFile)}`)).toEqual([
    `error: the file has ${shortest.length + 1 + longestFile} characters; a cluster file has at most ${longestFile}`,
  ]);
});

test("very many mistakes are cut short and counted", () => {
  const wrong = Array.from({ length: 500 }, (_, index) => `wrong${index}: 1\n`).join("");
  const found = messages(shortest + wrong);
  expect(found).toHaveLength(101);
  expect(found.at(-1)).toBe("error: 400 more problems are not listed");
});

/** Everything that callers rely on, for any text. */
function holds(text: string): void {
  const { config, diagnostics } = checkClusterFile(text, "f");
  expect(config === undefined).toBe(diagnostics.some(({ severity }) => severity === "error"));
  const lines = text.split("\n");
  for (const { line, column, endColumn, message } of diagnostics) {
    const length = lines[line - 1]?.length ?? -1;
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual(length + 1);
    expect(endColumn).toBeGreaterThanOrEqual(column);
    expect(endColumn).toBeLessThanOrEqual(length + 1);
    expect(message).not.toMatch(/undefined|\[object|NaN|\n/);
  }
  expect(renderDiagnostics(diagnostics, text).split("\n").length).toBe(
    diagnostics.length === 0 ? 1 : diagnostics.length * 3 + 2,
  );
}

test("no text makes it throw or point outside the file", () => {
  const yamlish = fc.string({
    unit: fc.constantFrom(..."ab:{}[],-?*&!|>'\"%@`# \n\t\r\\0.~\u0000\uFEFF\u2028é日"),
    maxLength: 60,
  });
  fc.assert(fc.property(fc.oneof(yamlish, fc.string({ unit: "binary", maxLength: 80 })), holds), {
    numRuns: 600,
  });
});

const everything = readFileSync(
  new URL("../../golden/data/config/not-run-yet.yaml", import.meta.url),
  "utf8",
);

test("no damage to a good file makes it throw or point outside the file", () => {
  const scraps = [
    "",
    " ",
    "\n",
    ":",
    "- ",
    "{",
    "]",
    "*a",
    "&a ",
    "~",
    "0",
    "-1",
    "null",
    "[]",
    "{}",
    "\t",
    "é",
    '"',
  ];
  const cut = fc.record({
    text: fc.constantFrom(example, everything),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(30),
    scrap: fc.oneof(fc.constantFrom(...scraps), fc.string({ maxLength: 5 })),
  });
  const damaged = fc.array(cut, { minLength: 1, maxLength: 4 }).map(([first, ...more]) => {
    const { text = example } = first ?? {};
    return [...(first === undefined ? [] : [first]), ...more].reduce((whole, { at, length, scrap }) => {
      const start = Math.floor(at * whole.length);
      return whole.slice(0, start) + scrap + whole.slice(start + length);
    }, text);
  });
  fc.assert(fc.property(damaged, holds), { numRuns: 150 });
});

test("a line taken out, doubled or moved in makes no exception either", () => {
  const lines = everything.split("\n");
  const index = fc.nat(lines.length - 1);
  const changed = fc.tuple(index, index, fc.nat(8)).map(([from, to, shift]) => {
    const moved = " ".repeat(shift) + (lines[from] ?? "").trimStart();
    return [...lines.slice(0, to), moved, ...lines.slice(to + (shift % 2))].join("\n");
  });
  fc.assert(fc.property(changed, holds), { numRuns: 150 });
});
