// What a node keeps of its peers' numbering, when, and what that is worth at its next start.

import { expect, test } from "vitest";
import type { Position } from "../../../firmware/core/heartbeat/inbox.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

function positionsKept(bench: Bench): readonly Position[] {
  return bench.take().flatMap((action) => (action.type === "remember" ? [action.position] : []));
}

const started = (positions?: ReadonlyMap<string, Position>) =>
  new Bench(clusterConfig(), "director1", [], positions).start();

test("a peer's position is kept when it is met, and then every ten seconds", () => {
  const bench = started().status("active");
  expect(positionsKept(bench)).toEqual([{ generation: 1, sequence: 1 }]);
  bench.passInTouch(9_000);
  expect(positionsKept(bench)).toEqual([]);
  bench.passInTouch(2_000);
  expect(positionsKept(bench)).toHaveLength(1);
});

test("it is kept as it is when the peer dies, and when this node ends in order", () => {
  const dead = started().status("active").status("active").status("active");
  dead.take();
  expect(positionsKept(dead.pass(1500))).toEqual([{ generation: 1, sequence: 3 }]);
  const ended = started().status("active").status("active");
  ended.take();
  ended.event({ type: "stop" });
  expect(positionsKept(ended)).toEqual([{ generation: 1, sequence: 2 }]);
  const actions = ended
    .pass(1000)
    .take()
    .map(({ type }) => type);
  expect(actions).toContain("stopped");
  expect(actions.lastIndexOf("remember")).toBeLessThan(actions.indexOf("stopped"));
});

test("a peer's new generation is kept at once", () => {
  const bench = started().status("active");
  bench.take();
  expect(positionsKept(bench.restart().status("up"))).toEqual([{ generation: 2, sequence: 1 }]);
});

test("with what is kept, a recording of the peer's last session is a replay to the next start", () => {
  const bench = started(new Map([["director2", { generation: 1, sequence: 3 }]]));
  bench.status("active").status("active").status("active");
  expect(bench.state.peers.get("director2")?.status).toBe("unknown");
  expect(bench.state.ignored.replayed).toBe(3);
  bench.status("active");
  expect(bench.state.peers.get("director2")?.status).toBe("active");
});

test("copies and stragglers at the first meeting after a start are nothing to complain of", () => {
  const bench = started(new Map([["director2", { generation: 1, sequence: 3 }]]));
  bench.skipTo(5).status("active").skipTo(3).status("active").status("active");
  expect(bench.state.ignored.replayed).toBe(0);
});

test("a peer that speaks under an earlier generation is refused in words that say what to do", () => {
  const bench = started(new Map([["director2", { generation: 7, sequence: 3 }]])).status("active");
  expect(bench.logged("WARN").join("\n")).toContain(
    'generation 1 of director2 is over, 7 was heard: a replay, or director2 has lost its state and "pulsebox forget director2" lets it in',
  );
  expect(bench.pass(6000).held()).toHaveLength(2);
});

test("forget lets it in again, for this life and the next ones", () => {
  const bench = started(new Map([["director2", { generation: 7, sequence: 3 }]]));
  bench.event({ type: "operator", request: { command: "forget", node: "director2" }, id: 1 });
  const actions = bench.take();
  expect(actions.find(({ type }) => type === "answer")).not.toHaveProperty("error");
  expect(actions).toContainEqual({ type: "forget", node: "director2" });
  bench.status("active");
  expect(bench.state.peers.get("director2")?.status).toBe("active");
  expect(positionsKept(bench)).toEqual([{ generation: 1, sequence: 1 }]);
});

test.each([
  ["director2", "director2 is heard, so there is nothing to forget"],
  ["director9", "director9 is not one of the other nodes: director2"],
])("forget %s is refused when it would serve nobody", (node, error) => {
  const bench = started().status("active");
  bench.event({ type: "operator", request: { command: "forget", node }, id: 1 });
  expect(bench.take().find(({ type }) => type === "answer")).toMatchObject({ error });
});
