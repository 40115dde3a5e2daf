// What the core records: each transition of consequence once, in order, with what it rests on.

import { expect, test } from "vitest";
import type { Decision } from "../../../firmware/core/decision.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

const OURS = "director1 192.168.140.150";
const THEIRS = "director2 192.168.140.160";

function bench(heartbeat = {}): Bench {
  return new Bench(clusterConfig(heartbeat), "director1").start();
}

function paired(): Bench {
  const node = bench().status("active").hear({ type: "resource", holds: "local", stable: true });
  node.take();
  return node;
}

const decisionsOf = (node: Bench): readonly Decision[] =>
  node.take().flatMap((action) => (action.type === "record" ? [action.decision] : []));

/** In one line each. */
const words = (decisions: readonly Decision[]): string[] =>
  decisions.map(({ transition }) => Object.values(transition).flat().join(" "));

test("a start alone: the node's own statuses, the peer's death after initdead, everything taken because of it", () => {
  const node = bench().pass(5000);
  const decisions = decisionsOf(node);
  expect(words(decisions)).toEqual([
    "started",
    "status director1 init up",
    "dead director2 initdead",
    "status director1 up active",
    `gained ${OURS} ${THEIRS} death`,
  ]);
  expect(decisions.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  expect(decisions[2]?.evidence).toMatchObject([
    { node: "director2", status: "unknown", heard: false, silent: 5000, patience: 5000 },
  ]);
});

test("a death is recorded with the silence, the deadtime, each link and what the peer had said", () => {
  const node = paired();
  node.passInTouch(400).take();
  const [dead, gained, ...more] = decisionsOf(node.pass(1000));
  expect(more).toEqual([]);
  expect(dead?.transition).toEqual({ what: "dead", node: "director2", rule: "deadtime" });
  expect(dead?.trigger).toEqual({ event: "tick" });
  expect(dead?.evidence).toEqual([
    {
      node: "director2",
      status: "active",
      silent: 1000,
      heard: true,
      patience: 1000,
      last: { generation: 1, sequence: 6 },
      links: [
        { medium: "bcast eth1", up: false, silent: 1000 },
        { medium: "bcast eth0", up: false },
      ],
      view: { claim: ["director2"], has: ["director2"], alone: false, stable: true, handover: "none" },
    },
  ]);
  expect(gained?.transition).toEqual({ what: "gained", groups: [THEIRS], cause: "death" });
  expect(gained?.because).toBe(dead?.number);
});

test("a decision on a message names it with its number, generation and medium", () => {
  const node = paired();
  node.hear({ type: "resource", holds: "none", stable: false, reason: "shutdown" }, "bcast eth0");
  const [leaving] = decisionsOf(node);
  expect(leaving).toMatchObject({
    transition: { what: "leaving", node: "director2" },
    trigger: {
      event: "frame",
      from: "director2",
      message: "resource",
      sequence: 3,
      generation: 1,
      medium: "bcast eth0",
    },
  });
  node.hear({ type: "shutdone" });
  expect(words(decisionsOf(node))).toEqual(["departed director2", `gained ${THEIRS} death`]);
});

test("a returned peer and a restarted one are told apart", () => {
  const node = paired().pass(1000);
  node.take();
  expect(words(decisionsOf(node.status("active")))[0]).toBe("returned director2");
  const restarted = paired().restart().status("init");
  expect(words(decisionsOf(restarted))).toEqual(["restarted director2", "status director2 unknown init"]);
});

test("a hand-over: what the operator asked, its beginning, what is released, its end", () => {
  const node = paired();
  node.event({ type: "operator", request: { command: "standby", scope: "local" }, id: 1 });
  node.hear({ type: "ask_resources", scope: "local", step: "other" });
  node.hear({ type: "ask_resources", scope: "local", step: "done" });
  expect(words(decisionsOf(node))).toEqual([
    "operator standby local",
    "handover begun director1 director2 local operator",
    `lost ${OURS} handover`,
    "handover done director1 director2 local operator",
  ]);
});

test("a hand-over that fails says why", () => {
  const node = paired();
  node.event({ type: "operator", request: { command: "standby", scope: "local" }, id: 1 });
  node.passInTouch(10_000);
  expect(words(decisionsOf(node)).at(-1)).toBe(
    "handover failed director1 director2 local operator director2 did not answer within 10 s",
  );
});

test("a node that stood still, and one that stops", () => {
  const node = paired();
  node.now += 1500;
  expect(words(decisionsOf(node.event({ type: "tick" })))).toEqual([
    "stood-still 1500",
    `lost ${OURS} start`,
  ]);
  const ending = paired().event({ type: "stop" }).pass(1000);
  expect(words(decisionsOf(ending))).toEqual(["stopping", `lost ${OURS} start`, "stopped"]);
});

test("why is answered with as many as were asked for", () => {
  const [answer] = paired()
    .event({ type: "operator", request: { command: "why", last: 7 }, id: 3 })
    .take();
  expect(answer).toMatchObject({ type: "answer", id: 3, last: 7 });
});
