// A node and several others: each is heard, called dead and met again by itself. Two nodes are heartbeat's pair; the
// accessor for the pair's other node must never name one of three.

import { expect, test } from "vitest";
import { createNode, nextWake, partnerOf } from "../../../firmware/core/node.ts";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { Bench } from "../../support/bench.ts";
import { addressGroup, clusterConfig, GROUPS, nodeSetup } from "../../support/cluster-config.ts";

const THREE = clusterConfig({}, GROUPS, 3);

const statuses = ({ state, now }: Bench): readonly string[] =>
  takeSnapshot(state, { monotonic: now, wall: 0 }).members.map(({ name, status }) => `${name} ${status}`);

test("every other node of the file is a peer, in the file's order", () => {
  expect([...createNode(THREE, nodeSetup("director2", 1)).peers.keys()]).toEqual(["director1", "director3"]);
});

test("only a node of a pair has a partner", () => {
  const partner = (nodes: number) =>
    partnerOf(createNode(clusterConfig({}, GROUPS, nodes), nodeSetup("director1", 1)))?.name;
  expect([1, 2, 3].map(partner)).toEqual([undefined, "director2", undefined]);
});

test("one silent node is dead after its deadtime, and the one never heard after initdead", () => {
  const node = new Bench(THREE, "director1").start().status("active").pass(999);
  expect(statuses(node)).toEqual(["director1 up", "director2 active", "director3 unknown"]);
  expect(statuses(node.pass(1))[1]).toBe("director2 dead");
  expect(statuses(node.pass(3999))).toEqual(["director1 up", "director2 dead", "director3 unknown"]);
  expect(statuses(node.pass(1))).toEqual(["director1 active", "director2 dead", "director3 dead"]);
});

test("links are up and dead for each node by itself", () => {
  const node = new Bench(THREE, "director1").start().status("active");
  const { members } = takeSnapshot(node.state, { monotonic: node.now, wall: 0 });
  expect(members.map(({ links }) => links.map(({ up }) => up))).toEqual([[], [true, false], [false, false]]);
});

test("a long standstill makes every other node doubtful and leaves no deadline behind", () => {
  const node = new Bench(THREE, "director1").start().status("active").pass(5000).status("active");
  node.now += 1500;
  node.event({ type: "tick" });
  expect(statuses(node)).toEqual(["director1 active", "director2 unknown", "director3 unknown"]);
  expect(nextWake(node.state)).toBeGreaterThan(node.now);
});

test("the groups of dead nodes are taken when those are fenced, each side by itself", () => {
  const fencing = { kind: "command", command: ["/sbin/off"], timeout: 10_000, delay: 0 } as const;
  const groups = ["director1", "director2", "director3"].map((name, at) =>
    addressGroup(name, `192.168.140.15${at}`),
  );
  const config = clusterConfig({}, groups, 3);
  const nodes = config.nodes.map((node) => (node.name === "director2" ? { ...node, fencing } : node));
  const node = new Bench({ ...config, nodes }, "director1").start();
  const view = (claim: string) => `2 ${claim} ${claim} - stable - director1=director1 - - director1=1/ff`;
  node.hearFromOurs(view("director2"));
  for (let passed = 0; passed < 4000; passed += 100) node.pass(100).hearFromOurs(view("director2"));
  expect(node.held()).toEqual(["192.168.140.150"]);
  node.take();
  node.pass(1000);
  const runs = node.take().filter(({ type }) => type === "run");
  expect(runs).toMatchObject([{ id: "fence director2 1" }]);
  expect(node.held()).toEqual(["192.168.140.150", "192.168.140.152"]);
  node.event({
    type: "program-ended",
    id: "fence director2 1",
    outcome: { kind: "exit", code: 0 },
    output: "",
  });
  expect(node.held()).toEqual(["192.168.140.150", "192.168.140.151", "192.168.140.152"]);
});
