// The command line as golden text: help, wrong usage with suggestions, exit codes; and which command gets which values.

import { expect, test } from "vitest";
import { type Commands, runCommandLine } from "../../../firmware/console/cli.ts";

const calls: unknown[][] = [];

const record =
  (name: string) =>
  async (...args: unknown[]): Promise<number> => {
    calls.push([name, ...args]);
    return 0;
  };

const commands: Commands = {
  ha: record("ha"),
  init: record("init"),
  worker: record("worker"),
  service: record("service"),
  check: record("check"),
  schema: record("schema"),
  convert: record("convert"),
  status: record("status"),
  why: record("why"),
  takeover: record("takeover"),
  standby: record("standby"),
  cleanup: record("cleanup"),
  reload: record("reload"),
  forget: record("forget"),
  fenced: record("fenced"),
  power: record("power"),
};

async function run(
  ...args: string[]
): Promise<{ code: number; out: string; err: string; called: unknown[][] }> {
  calls.length = 0;
  const said = { out: "", err: "" };
  const streams = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const code = await runCommandLine(args, commands, "1.2.3", streams);
  return { code, ...said, called: [...calls] };
}

test("every command has its help", async () => {
  const topics = [
    "ha",
    "service",
    "init",
    "check",
    "schema",
    "convert",
    "status",
    "why",
    "takeover",
    "standby",
    "cleanup",
    "reload",
    "forget",
    "fenced",
    "reboot",
    "halt",
    "poweroff",
    "version",
  ];
  const pages = [(await run("--help")).out];
  for (const topic of topics) pages.push(`--- ${topic}\n${(await run(topic, "--help")).out}`);
  await expect(pages.join("\n")).toMatchFileSnapshot("../../golden/console/help.txt");
  const listed = [...(pages[0] ?? "").matchAll(/^ {2}([a-z]+) .* {2}/gm)].map(([, name]) => name);
  expect([...topics, "help"].toSorted()).toEqual(listed.toSorted());
});

const wrong = [
  [],
  ["frob"],
  ["chek", "cluster.yaml"],
  ["check"],
  ["ha", "--config"],
  ["ha", "--config", "c.yaml", "--nod", "n1"],
  ["status", "now"],
  ["why", "--last", "some"],
  ["convert", "--address", "n2=10.0.0.2"],
  ["takeover", "some"],
  ["fenced"],
  ["reboot", "--now"],
];

test("wrong usage is told with a suggestion and ends with 2, and nothing is called", async () => {
  const pages: string[] = [];
  for (const args of wrong) {
    const { code, err, called } = await run(...args);
    expect(code).toBe(2);
    expect(called).toEqual([]);
    pages.push(`$ pulsebox ${args.join(" ")}\n${args.length === 0 ? "(help)\n" : err}`);
  }
  await expect(pages.join("\n")).toMatchFileSnapshot("../../golden/console/usage.txt");
});

test.each([
  [["version"], "pulsebox 1.2.3\n"],
  [["--version"], "pulsebox 1.2.3\n"],
])("%j prints the version", async (args, out) => {
  expect(await run(...args)).toEqual({ code: 0, out, err: "", called: [] });
});

const socket = "/run/pulsebox/ha.sock";

test.each([
  [["ha"], ["ha", { config: "/etc/pulsebox/cluster.yaml", socket, realtime: true, debug: false }]],
  [["service"], ["service", { sysv: false }]],
  [
    ["service", "--sysv"],
    ["service", { sysv: true }],
  ],
  [["worker"], ["worker"]],
  [
    ["ha", "--config", "c.yaml"],
    ["ha", { config: "c.yaml", socket, realtime: true, debug: false }],
  ],
  [
    ["ha", "-c", "c.yaml", "-n", "n1", "--state", "/s", "--socket", "/x", "--no-realtime", "--debug"],
    ["ha", { config: "c.yaml", node: "n1", state: "/s", socket: "/x", realtime: false, debug: true }],
  ],
  [
    ["check", "a", "b", "--json"],
    ["check", ["a", "b"], { json: true }],
  ],
  [["convert"], ["convert", "/etc/ha.d", { address: [] }]],
  [
    ["convert", "/etc/old", "--address", "N2:eth0=10.0.0.2/24", "--address", "n2:eth1=10.1.0.2/24"],
    [
      "convert",
      "/etc/old",
      {
        address: [
          { node: "n2", interface: "eth0", address: "10.0.0.2/24" },
          { node: "n2", interface: "eth1", address: "10.1.0.2/24" },
        ],
      },
    ],
  ],
  [["status"], ["status", { json: false, socket }]],
  [["why"], ["why", { last: 20, json: false, socket }]],
  [
    ["why", "--last", "3", "--json", "--state", "/s", "--socket", "/x"],
    ["why", { last: 3, json: true, state: "/s", socket: "/x" }],
  ],
  [["takeover"], ["takeover", "all", { socket }]],
  [
    ["standby", "local", "--socket", "/x"],
    ["standby", "local", { socket: "/x" }],
  ],
  [
    ["fenced", "director2", "--socket", "/x"],
    ["fenced", "director2", { socket: "/x" }],
  ],
  [["poweroff"], ["power", "poweroff"]],
])("%j calls with its values", async (args, call) => {
  const { code, called } = await run(...args);
  expect({ code, called }).toEqual({ code: 0, called: [call] });
});

test("a command that fails is told in one line and ends with 1", async () => {
  const failing = { ...commands, schema: () => Promise.reject(new Error("the disk is gone")) };
  let err = "";
  const streams = {
    out: () => {},
    err: (text: string) => {
      err += text;
    },
  };
  expect(await runCommandLine(["schema"], failing, "1.2.3", streams)).toBe(1);
  expect(err).toBe("pulsebox: the disk is gone\n");
});
