// A node and several others: each is heard, called dead and met again by itself. Two nodes are heartbeat's pair; the
// accessor for the pair's other node must never name one of three.

import { expect, test } from "vitest";
import { createNode, nextWake, partnerOf } from "../../../firmware/core/node.ts";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig, GROUPS, nodeSetup } from "../../support/cluster-config.ts";

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
