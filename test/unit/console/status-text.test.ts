// What the operator reads, as golden text: the same words and columns in every release unless someone means to change them.

import { expect, test } from "vitest";
import { statusText } from "../../../firmware/console/status-text.ts";
import type { Snapshot } from "../../../firmware/core/snapshot.ts";

const snapshot: Snapshot = {
  cluster: "rack7",
  self: "director1",
  generation: 1_800_000_001,
  stable: true,
  phase: "running",
  members: [
    { name: "director1", self: true, status: "active", links: [] },
    {
      name: "director2",
      self: false,
      status: "active",
      links: [
        { medium: "bcast eth1", link: "eth1", up: true, lastHeardAgo: 37.4 },
        { medium: "ucast eth0 192.168.140.152", link: "eth0", up: false },
      ],
    },
  ],
  pingNodes: [
    {
      name: "192.168.140.1",
      members: ["192.168.140.1"],
      status: "ping",
      lastHeardAgo: 12.2,
      reachedBy: ["director1", "director2"],
    },
    {
      name: "uplink",
      members: ["10.9.0.1", "10.9.0.2"],
      status: "dead",
      lastHeardAgo: 31_000,
      reachedBy: ["director2"],
    },
    { name: "2001:db8::1", members: ["2001:db8::1"], status: "unknown", reachedBy: [] },
  ],
  clients: [
    { command: "/usr/lib/site/agent -v", user: "hacluster", state: "running", starts: 1 },
    { command: "/usr/lib/site/other", user: "500", state: "waiting", starts: 12 },
  ],
  groups: [
    {
      preferred: "director1",
      addresses: ["192.168.140.150", "192.168.140.160"],
      items: [
        { word: "192.168.140.150/24", state: "running" },
        { word: "httpd", state: "running" },
        { word: "192.168.140.160/24", state: "running" },
      ],
      owner: "director1",
      here: "held",
    },
    {
      preferred: "director2",
      addresses: ["192.168.140.170"],
      items: [{ word: "192.168.140.170/24", state: "stopped" }],
      here: "released",
    },
    {
      preferred: "director2",
      addresses: [],
      items: [
        { word: "ocf:heartbeat:Dummy", state: "stopped" },
        { word: "smbd", state: "failed", reason: "start: exit code 1: no such share" },
      ],
      owner: "director1",
      here: "failed",
      failed: "smbd start: exit code 1: no such share",
    },
  ],
  ignored: { malformed: 1, unauthenticated: 22, replayed: 3, foreignNode: 0 },
  splitBrains: { count: 0 },
};

test("status shows nodes, links, ping nodes, groups and what was ignored", async () => {
  await expect(statusText(snapshot)).toMatchFileSnapshot("../../golden/console/status.txt");
});

test.each([
  ["the first attempt waits for its delay", { stage: "waiting", attempts: 0, next: 2000 }],
  ["an attempt is under way", { stage: "running", attempts: 1 }],
  ["attempts fail", { stage: "waiting", attempts: 3, next: 7800, failure: "exit code 1: no answer" }],
  ["it was fenced", { stage: "done", attempts: 1, by: "device" }],
  ["it was switched off by hand", { stage: "done", attempts: 4, by: "operator" }],
] as const)("status of a dead node: %s", async (title, fencing) => {
  const [self, other] = snapshot.members;
  const dead = { ...other, status: "dead", fencing };
  const text = statusText({ ...snapshot, members: [self, dead] as Snapshot["members"] });
  const name = `../../golden/console/status-fencing-${title.replaceAll(" ", "-")}.txt`;
  await expect(text.split("\n\n").at(-2)).toMatchFileSnapshot(name);
});

test("status tells of split brains once there was one", async () => {
  const verdicts = [
    { groups: ["director1 192.168.140.150/24"], winner: "director2", rule: "kept" },
    { groups: ["director2 192.168.140.160/24"], winner: "director2", rule: "kept" },
  ] as const;
  const splitBrains = { count: 2, last: { peer: "director2", wall: 1_800_000_000, verdicts } };
  await expect(statusText({ ...snapshot, splitBrains })).toMatchFileSnapshot(
    "../../golden/console/status-split-brain.txt",
  );
});

test("status of a node that just began has no empty columns", async () => {
  const young: Snapshot = { ...snapshot, stable: false, phase: "starting", pingNodes: [], groups: [] };
  await expect(statusText(young)).toMatchFileSnapshot("../../golden/console/status-starting.txt");
});
