// Sharing among three nodes or more, piece by piece: what a node shows reads back, orders spread to the same end whatever
// way they take, who is designated for a side, and two verdicts about a dispute that are always one.

import { array, assert, boolean, constantFrom, integer, option, property, record, tuple } from "fast-check";
import { expect, test } from "vitest";
import type { ClusterView } from "../../../firmware/core/heartbeat/cluster-view.ts";
import { candidates, designated, rank } from "../../../firmware/core/heartbeat/designation.ts";
import { settleDispute } from "../../../firmware/core/heartbeat/disputes.ts";
import type { Peer } from "../../../firmware/core/heartbeat/membership.ts";
import { merged, type Orders, withOrder } from "../../../firmware/core/heartbeat/orders.ts";
import { type NodeView, parseView, viewField } from "../../../firmware/core/heartbeat/view.ts";
import { createNode, type NodeState } from "../../../firmware/core/node.ts";
import { NONE, type Sides } from "../../../firmware/core/resource/sides.ts";
import { addressGroup, clusterConfig, nodeSetup } from "../../support/cluster-config.ts";

const NAMES = ["director1", "director2", "director3"] as const;
const GROUPS = NAMES.map((name, index) => addressGroup(name, `192.168.140.15${index}`));
const cluster = (autoFailback: "on" | "off" = "on") => clusterConfig({ autoFailback }, GROUPS, 3);

const NOTHING: ClusterView = {
  wants: NONE,
  echo: new Map(),
  estranged: new Map(),
  orders: new Map(),
  hears: new Map(NAMES.map((name) => [name, { generation: 1, sequence: 9 }])),
  leaving: false,
};

const viewOf = (claim: readonly string[], change: Partial<ClusterView> = {}): NodeView => ({
  claim: new Set(claim),
  has: new Set(claim),
  kept: NONE,
  alone: false,
  stable: true,
  handover: "none",
  cluster: { ...NOTHING, ...change },
});

/** Running, beside the others as told. */
function nodeAs(
  self: string,
  claim: readonly string[],
  others: Readonly<Record<string, Partial<Peer>>>,
  autoFailback: "on" | "off" = "on",
): NodeState {
  const state = createNode(cluster(autoFailback), nodeSetup(self, 1));
  const peers = [...state.peers].map(([name, peer]): [string, Peer] => {
    const alive: Partial<Peer> = { status: "active", kind: "pulsebox", view: viewOf([]), metAt: 0 };
    return [name, { ...peer, ...alive, ...others[name] }];
  });
  return {
    ...state,
    self: { ...state.self, started: true, phase: "running", status: "active" },
    claim: { ...state.claim, sides: new Set(claim) },
    peers: new Map(peers),
  };
}

test("what a node of three shows reads back", () => {
  const name = constantFrom(...NAMES);
  const sides = array(name).map((names) => new Set(names));
  const position = record({ generation: integer({ min: 0 }), sequence: integer({ min: 0 }) });
  const order = record({ number: integer({ min: 1 }), owner: option(name, { nil: undefined }) }).map(
    ({ number, owner }) => ({ number, ...(owner !== undefined && { owner }) }),
  );
  const view = record({
    wants: sides,
    echo: array(tuple(name, sides)).map((entries) => new Map(entries)),
    estranged: array(tuple(name, sides)).map((entries) => new Map(entries)),
    orders: array(tuple(name, order)).map((entries) => new Map(entries)),
    hears: array(tuple(name, position)).map((entries) => new Map(entries)),
    leaving: boolean(),
  });
  assert(
    property(view, sides, sides, sides, boolean(), (shown, claim, has, failed, stable) => {
      const whole: NodeView = {
        ...viewOf([]),
        claim,
        has,
        stable: stable && !shown.leaving,
        ...(failed.size > 0 && { failed }),
        cluster: shown,
      };
      expect(parseView(String(viewField(whole, "director2").value), "director2", cluster())).toEqual(whole);
    }),
  );
});

test.each([
  ["the view of a pair", "1 all all none paired stable none -"],
  ["a later version", "3 - - - stable - - - - -"],
  ["a side of a stranger", "2 director9 - - stable - - - - -"],
  ["a word too few", "2 - - - stable - - - -"],
  ["a word too many", "2 - - - stable - - - - - -"],
  ["an order without a number", "2 - - - stable - - - director1=0/director2 -"],
  ["an owner that is no node", "2 - - - stable - - - director1=1/director9 -"],
  ["the same node twice", "2 - - - stable - - - - director1=1/1,director1=1/2"],
])("%s is no view among three", (_title, text) => {
  expect(parseView(text, "director2", cluster())).toBeUndefined();
});

test("orders spread to the same end in whatever sequence they are learnt", () => {
  const owner = option(constantFrom(...NAMES), { nil: undefined });
  const orders = array(tuple(constantFrom(...NAMES), integer({ min: 1, max: 3 }), owner)).map(
    (list): Orders =>
      new Map(
        list.map(([side, number, name]) => [side, { number, ...(name !== undefined && { owner: name }) }]),
      ),
  );
  assert(
    property(orders, orders, orders, (a, b, c) => {
      const learn = (...all: readonly Orders[]): Orders =>
        all.reduce((known, more) => merged(known, more, cluster()), new Map() as Orders);
      const sorted = (known: Orders) => [...known].sort(([one], [other]) => one.localeCompare(other));
      expect(sorted(learn(c, b, a))).toEqual(sorted(learn(a, b, c)));
      expect(sorted(learn(a, a, b, c, b))).toEqual(sorted(learn(a, b, c)));
    }),
  );
});

test("a new order outranks the one before it, and one that is learnt again changes nothing", () => {
  const first = withOrder(new Map(), "director1", "director2");
  const second = withOrder(first, "director1");
  expect(merged(first, second, cluster()).get("director1")).toEqual({ number: 2 });
  expect(merged(second, first, cluster())).toBe(second);
});

test("the file's order goes round", () => {
  const order = [...NAMES].sort((a, b) => rank(cluster(), "director2", a) - rank(cluster(), "director2", b));
  expect(order).toEqual(["director2", "director3", "director1"]);
});

test.each<[string, NodeState, string | undefined]>([
  ["the preferred node", nodeAs("director1", [], {}), "director2"],
  ["the next one when that is dead", nodeAs("director1", [], { director2: { status: "dead" } }), "director3"],
  [
    "the next one when that is about to leave",
    nodeAs("director1", [], { director2: { leaving: true } }),
    "director3",
  ],
  [
    "this node when the others are dead",
    nodeAs("director1", [], { director2: { status: "dead" }, director3: { status: "dead" } }),
    "director1",
  ],
  [
    "one that has just come up is waited for",
    nodeAs("director1", [], { director2: { status: "up", metAt: 4500 } }),
    "director2",
  ],
  [
    "one that does not become active is not waited for",
    nodeAs("director1", [], { director2: { status: "up", metAt: 3500 } }),
    "director3",
  ],
  [
    "with auto_failback off its present owner",
    nodeAs("director1", [], { director3: { view: viewOf(["director2"]) } }, "off"),
    "director3",
  ],
  [
    "a node without view owns nothing",
    nodeAs("director1", [], {
      director2: { view: { ...viewOf([]), cluster: undefined } as unknown as NodeView },
    }),
    "director3",
  ],
  [
    "one on which a group of it has failed comes last",
    nodeAs("director1", [], { director2: { view: { ...viewOf([]), failed: new Set(["director2"]) } } }),
    "director3",
  ],
  [
    "one that is not heard by a third node is passed over",
    nodeAs("director1", [], {
      director3: { view: viewOf([], { hears: new Map([["director1", { generation: 1, sequence: 1 }]]) }) },
    }),
    "director1",
  ],
])("designated for director2's side: %s", (_title, state, expected) => {
  expect(designated(state, "director2", 5000)).toBe(expected);
});

test("an order outranks the preferred node while its owner lives", () => {
  const state = nodeAs("director1", [], {});
  const orders = withOrder(new Map(), "director2", "director3");
  expect(designated({ ...state, orders }, "director2", 5000)).toBe("director3");
  const dead = nodeAs("director1", [], { director3: { status: "dead" } });
  expect(designated({ ...dead, orders }, "director2", 5000)).toBe("director2");
});

test("a node that shuts down is a candidate for nothing", () => {
  const state = nodeAs("director1", [], {});
  const ending: NodeState = { ...state, self: { ...state.self, phase: "stopping" } };
  expect(candidates(ending, "director1", 5000)).toEqual(["director2", "director3"]);
});

/** What the node still claims once it has heard of the other's claim. */
function kept(self: string, other: string, mine: Claimed, theirs: Claimed, policy: "on" | "off"): boolean {
  const estranged = theirs.dead ? new Map<string, Sides>([[self, theirs.had]]) : new Map<string, Sides>();
  const state = nodeAs(
    self,
    ["director2"],
    {
      [other]: {
        view: viewOf(["director2"], { estranged }),
        ...(mine.dead && { estranged: { kept: mine.had, since: 1 } }),
      },
    },
    policy,
  );
  const turn = {
    state,
    event: { type: "tick", now: { monotonic: 5000, wall: 1 }, draw: 1 } as const,
    actions: [],
  };
  settleDispute(turn, other);
  return turn.state.claim.sides.has("director2");
}

interface Claimed {
  /** Whether the node called the other dead, and what it owned then. */
  readonly dead: boolean;
  readonly had: Sides;
}

test("two that own the same come to one verdict, whatever they did before", () => {
  const claimed = record({
    dead: boolean(),
    had: array(constantFrom(...NAMES)).map((names) => new Set(names)),
  });
  const pair = constantFrom<readonly [string, string]>(
    ["director1", "director2"],
    ["director2", "director3"],
    ["director1", "director3"],
  );
  assert(
    property(
      pair,
      claimed,
      claimed,
      constantFrom("on" as const, "off" as const),
      ([a, b], one, other, policy) => {
        expect(kept(a, b, one, other, policy)).toBe(!kept(b, a, other, one, policy));
      },
    ),
  );
});

test.each<[string, Claimed, Claimed, "on" | "off", boolean]>([
  ["who called the other dead keeps it", { dead: true, had: NONE }, { dead: false, had: NONE }, "on", true],
  ["both did: the better rank keeps it", { dead: true, had: NONE }, { dead: true, had: NONE }, "on", false],
  [
    "with auto_failback off, who had it",
    { dead: true, had: new Set(["director2"]) },
    { dead: true, had: NONE },
    "off",
    true,
  ],
])("director1 against director3 about director2's side: %s", (_title, mine, theirs, policy, keeps) => {
  expect(kept("director1", "director3", mine, theirs, policy)).toBe(keeps);
});
