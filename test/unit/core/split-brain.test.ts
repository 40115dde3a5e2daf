// Split brain: found when the nodes hear each other again, told once with the rule that decided, counted, and closed.

import { expect, test } from "vitest";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { Bench } from "../../support/bench.ts";
import { addressGroup, clusterConfig, GROUPS } from "../../support/cluster-config.ts";

const OURS = "director1 192.168.140.150";
const THEIRS = "director2 192.168.140.160";

/** director1 with both groups, after director2 was heard once and then died. */
function alone(autoFailback: "on" | "off" = "on", groups = GROUPS): Bench {
  const node = new Bench(clusterConfig({ autoFailback }, groups), "director1").start();
  node.hearFromOurs("1 local local none paired stable none 1:1").pass(1000);
  node.take();
  return node;
}

/** What was recorded of split brains since the last look: who keeps what by which rule. */
const told = (node: Bench): string[] =>
  node.take().flatMap((action) => {
    if (action.type !== "record" || action.decision.transition.what !== "split-brain") return [];
    const { groups, winner, rule } = action.decision.transition;
    return [`${groups.join(", ")}: ${winner}, ${rule}`];
  });

const counted = (node: Bench) => takeSnapshot(node.state, { monotonic: node.now, wall: 0 }).splitBrains;

const BOTH_ALONE = "1 all all local alone stable none -";

test("auto_failback on: each group goes home, and each verdict is told once", () => {
  const node = alone().hearFromOurs(BOTH_ALONE);
  expect(told(node)).toEqual([`${OURS}: director1, preferred`, `${THEIRS}: director2, preferred`]);
  node.pass(100).hearFromOurs(BOTH_ALONE).pass(100).hearFromOurs(BOTH_ALONE);
  expect(told(node)).toEqual([]);
  expect(counted(node)).toEqual({
    count: 1,
    last: {
      peer: "director2",
      wall: 1_700_000_000,
      verdicts: [
        { groups: [OURS], winner: "director1", rule: "preferred" },
        { groups: [THEIRS], winner: "director2", rule: "preferred" },
      ],
    },
  });
});

test("auto_failback off: who had a group before the partition keeps it", () => {
  const node = alone("off").hearFromOurs("1 all all all alone stable none -");
  expect(told(node)).toEqual([`${OURS}: director1, preferred`, `${THEIRS}: director2, kept`]);
});

test("only one had called the other dead", () => {
  const node = alone().hearFromOurs("1 local local none paired stable none -");
  expect(told(node)).toEqual([`${THEIRS}: director1, alone`]);
  expect(node.held()).toEqual(["192.168.140.150", "192.168.140.160"]);
});

test("a real heartbeat node restarts when it was called dead", () => {
  const node = new Bench(clusterConfig(), "director1").start();
  node.status("active").hear({ type: "resource", holds: "foreign", stable: true }).pass(1000);
  node.take();
  node.status("active").hear({ type: "resource", holds: "all", stable: true });
  expect(told(node)).toEqual([`${OURS}: director1, heartbeat`, `${THEIRS}: director1, heartbeat`]);
});

test("a peer that does not hear this node for a deadtime wins what this node had won, and that is one split brain", () => {
  const node = alone();
  for (let passed = 0; passed <= 1000; passed += 100) node.hearFromOurs(BOTH_ALONE).pass(100);
  expect(told(node)).toEqual([
    `${OURS}: director1, preferred`,
    `${THEIRS}: director2, preferred`,
    `${OURS}: director2, unheard`,
  ]);
  expect(counted(node).count).toBe(1);
  expect(counted(node).last?.verdicts).toHaveLength(3);
});

test("the next partition is another one, whether the last dispute ended by agreement or by silence", () => {
  const node = alone().hearFromOurs(BOTH_ALONE);
  node.hearFromOurs("1 local local none alone stable none 1:ff").pass(1000);
  node.hearFromOurs(BOTH_ALONE).pass(1000);
  node.hearFromOurs(BOTH_ALONE);
  expect(counted(node).count).toBe(3);
});

test("a side without groups is nobody's dispute", () => {
  const node = alone("on", [addressGroup("director1", "192.168.140.150")]).hearFromOurs(BOTH_ALONE);
  expect(told(node)).toEqual([`${OURS}: director1, preferred`]);
});
