// ipfail of one node of ours: beside a peer of ours, played by its status messages, and beside the ipfail of a real heartbeat
// node, played by its messages. The router answers this node while the test lets it.

import { expect, test } from "vitest";
import type { HeartbeatConfig } from "../../../firmware/core/config/cluster.ts";
import type { MessageBody } from "../../../firmware/core/heartbeat/body.ts";
import { parseReach, REACH_FIELD } from "../../../firmware/core/heartbeat/reach.ts";
import { VIEW_FIELD } from "../../../firmware/core/heartbeat/view.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

const ROUTER = "192.168.140.1";
const SWITCH = "192.168.140.2";
const BOTH = ["192.168.140.150", "192.168.140.160"];

/** A node, a router that answers it while it is plugged in, and a peer that speaks with every keepalive. */
class Pair {
  readonly node: Bench;
  /** Who answers this node. */
  answering: readonly string[] = [ROUTER];
  /** What the peer says with each keepalive. */
  peerSays: () => void = () => {};
  readonly said: string[] = [];

  constructor(heartbeat: Partial<HeartbeatConfig> = {}, ping: readonly string[] = [ROUTER]) {
    this.node = new Bench(
      clusterConfig({ ping, ipfail: true, initdead: 3000, ...heartbeat }),
      "director1",
    ).start();
    this.#answer();
  }

  pass(ms: number): this {
    for (let passed = 0; passed < ms; passed += 100) {
      this.node.pass(100);
      this.#answer();
      this.peerSays();
      this.#answer();
    }
    return this;
  }

  /** Logs, and messages but statuses, since the last look. */
  took(): readonly string[] {
    this.#answer();
    return this.said.splice(0);
  }

  /** Answers what was asked and keeps what was said. */
  #answer(): void {
    const { said, pings } = this.node.saidAndAsked();
    this.said.push(...said);
    for (const { target, bytes } of pings)
      if (this.answering.includes(target)) this.node.event({ type: "echo", source: target, bytes });
  }
}

/** Beside a peer of ours that reaches `reach` and is idle; this node has its own groups. */
function besideOurs(
  reach: string,
  heartbeat: Partial<HeartbeatConfig> = {},
  ping?: readonly string[],
  claim = "local",
) {
  const pair = new Pair(heartbeat, ping);
  const peer = { reach, claim, handover: "none", failed: "", status: "active" as "active" | "up" };
  const peerSays = (): void => {
    const status: MessageBody = { type: "status", status: peer.status, deadtime: 1000, protocol: 1 };
    const stable = peer.handover === "none" ? "stable" : "changing";
    const view = `1 ${peer.claim} ${peer.claim} none paired ${stable} ${peer.handover} 1:fffff${peer.failed}`;
    pair.node.hear(status, "bcast eth1", [
      { name: VIEW_FIELD, value: view },
      { name: REACH_FIELD, value: peer.reach },
    ]);
  };
  pair.peerSays = peerSays;
  pair.pass(1000);
  pair.took();
  /** The peer gives everything to this node. */
  const takeAll = (): void => {
    Object.assign(peer, { claim: "none", handover: "giver" });
    peerSays();
    pair.node.hear({ type: "ask_resources", scope: "all", step: "me" });
    pair.pass(200);
    peer.handover = "none";
    pair.pass(200);
  };
  return { pair, node: pair.node, peer, takeAll };
}

const gives = "ask_resources all me";

test("even nodes keep what they have", () => {
  const { pair } = besideOurs(ROUTER);
  expect(pair.pass(5000).took()).toEqual([]);
});

test("a node that loses its ping node gives everything after deadping and two keepalives", () => {
  const { pair } = besideOurs(ROUTER);
  pair.answering = [];
  expect(pair.pass(1200).took()).not.toContain(gives);
  expect(pair.pass(300).took()).toContain(gives);
});

test("nobody gives when both lose the same ping node a keepalive apart", () => {
  const { pair, peer } = besideOurs(ROUTER);
  pair.answering = [];
  pair.pass(1100);
  peer.reach = "-";
  expect(pair.pass(5000).took()).not.toContain(gives);
});

test("a ping node that the peer has just missed counts for nobody", () => {
  const { pair, peer } = besideOurs(`${ROUTER}?`);
  pair.answering = [];
  expect(pair.pass(3000).took()).not.toContain(gives);
  peer.reach = ROUTER;
  expect(pair.pass(500).took()).toContain(gives);
});

test("different ping nodes in equal number move nothing", () => {
  const { pair } = besideOurs(SWITCH, {}, [ROUTER, SWITCH]);
  pair.pass(3000);
  pair.took();
  expect(pair.pass(5000).took()).toEqual([]);
});

test("a group counts as one ping node, however many of its members answer", () => {
  const pingGroups = [{ name: "uplink", members: ["10.9.0.1", "10.9.0.2"] }];
  const { pair } = besideOurs(`${ROUTER} uplink`, { pingGroups });
  pair.answering = [ROUTER, "10.9.0.1"];
  expect(pair.pass(2000).took()).not.toContain(gives);
  pair.answering = ["10.9.0.1", "10.9.0.2"];
  expect(pair.pass(2000).took()).toContain(gives);
});

test("a node that owns nothing has nothing to give", () => {
  const { pair, node } = besideOurs(ROUTER, { autoFailback: "off" }, undefined, "all");
  expect(node.held()).toEqual([]);
  pair.answering = [];
  expect(pair.pass(5000).took()).not.toContain(gives);
});

const silentPeers = [
  { what: "says nothing of ping nodes", change: { reach: "" } },
  { what: "says what no version of ours says", change: { reach: "a b\u00e9" } },
  { what: "is not active yet", change: { status: "up" as const } },
  { what: "is at a hand-over", change: { handover: "giver" } },
];

test.each(silentPeers)("nothing moves to a peer that $what", ({ change }) => {
  const { pair, peer } = besideOurs(ROUTER);
  Object.assign(peer, change);
  // Its word of before must not count any more, either.
  pair.node.restart();
  pair.answering = [];
  expect(pair.pass(3000).took()).not.toContain(gives);
});

test.each([
  { failed: "foreign", what: "nothing of it", offer: undefined },
  { failed: "local", what: "everything", offer: gives },
])("what has failed at the peer ($failed) is not given: $what of ours goes", ({ failed, offer }) => {
  const { pair, peer } = besideOurs(ROUTER);
  peer.failed = ` failed ${failed}`;
  pair.answering = [];
  const offers = pair
    .pass(3000)
    .took()
    .filter((line) => line.startsWith("ask_resources"));
  expect(offers).toEqual(offer === undefined ? [] : [offer]);
});

test("of two groups the one that runs at the better connected peer goes there", () => {
  const { pair, peer, takeAll } = besideOurs(ROUTER);
  takeAll();
  pair.took();
  peer.failed = " failed foreign";
  pair.answering = [];
  expect(pair.pass(2000).took()).toContain("ask_resources foreign me");
});

test("what cannot run at its better connected owner is taken all the same", () => {
  const { pair, peer, node } = besideOurs(ROUTER);
  pair.answering = [];
  pair.pass(1100);
  Object.assign(peer, { failed: " failed local", handover: "giver" });
  peer.claim = "none";
  pair.peerSays();
  node.hear({ type: "ask_resources", scope: "local", step: "me" });
  expect(pair.took()).toContain("ask_resources local other");
});

test("with ipfail off a lost ping node moves nothing", () => {
  const { pair } = besideOurs(ROUTER, { ipfail: false });
  pair.answering = [];
  expect(pair.pass(3000).took()).not.toContain(gives);
});

test("a peer that does not answer the offer is asked again, not without pause", () => {
  const { pair } = besideOurs(ROUTER);
  pair.answering = [];
  const offers = pair
    .pass(25_000)
    .took()
    .filter((line) => line === gives);
  expect(offers.length).toBeGreaterThan(1);
  expect(offers.length).toBeLessThan(4);
});

test("a worse node is not given anything by its peer", () => {
  const { pair, node } = besideOurs(ROUTER);
  pair.answering = [];
  pair.pass(1100);
  node.hear({ type: "ask_resources", scope: "local", step: "me" });
  expect(pair.took()).toContain("standby message from director2 ignored.  We have less visible ping nodes.");
});

test("a worse peer gets nothing by asking", () => {
  const { pair, peer, node } = besideOurs(ROUTER);
  peer.reach = "-";
  pair.pass(200);
  node.hear({ type: "hb_takeover", scope: "foreign" });
  expect(pair.took()).toEqual(["standby message from director2 ignored.  It has less visible ping nodes."]);
});

test("what a worse peer gave goes back when it has been even for initdead", () => {
  const { pair, peer, node, takeAll } = besideOurs("-");
  takeAll();
  expect(node.held()).toEqual(BOTH);
  pair.pass(5000);
  pair.took();
  peer.reach = ROUTER;
  expect(pair.pass(2900).took()).toEqual([]);
  expect(pair.pass(300).took()).toContain("ask_resources foreign me");
});

test.each(["off", "on"] as const)(
  "with auto_failback %s a cable that comes and goes moves nothing again",
  (autoFailback) => {
    const { pair, peer, node, takeAll } = besideOurs("-", { autoFailback });
    takeAll();
    pair.took();
    for (let flaps = 0; flaps < 10; flaps++) {
      peer.reach = flaps % 2 === 0 ? ROUTER : "-";
      pair.pass(2000);
    }
    expect(pair.took()).not.toContain("ask_resources foreign me");
    expect(node.held()).toEqual(BOTH);
  },
);

test.each([
  ["-", { count: 0, sure: 0, names: [] }],
  ["10.0.0.1", { count: 1, sure: 1, names: ["10.0.0.1"] }],
  ["10.0.0.1? uplink fd00::1?", { count: 3, sure: 1, names: ["10.0.0.1", "uplink", "fd00::1"] }],
  ["", undefined],
  ["a  b", undefined],
  ["a\tb", undefined],
  ["?", undefined],
  [`${"x".repeat(101)}`, undefined],
  [Array.from({ length: 1001 }, () => "x").join(" "), undefined],
])("the text %j says %j of a node's ping nodes", (text, reach) => {
  expect(parseReach(text)).toEqual(reach);
});

/** Beside a real node whose ipfail has not said anything yet; this node has its own groups. */
function besideReal(heartbeat: Partial<HeartbeatConfig> = {}) {
  const pair = new Pair(heartbeat);
  pair.peerSays = () => pair.node.status("active");
  pair.pass(200);
  pair.node.hear({ type: "resource", holds: "local", stable: true });
  pair.pass(500);
  return { pair, node: pair.node };
}

const fromIpfail = { dest: "director1", clientGeneration: 0 };

test("the ipfail of a real node is greeted and told how many ping nodes we reach", () => {
  const { pair, node } = besideReal();
  expect(pair.took().filter((line) => /clstat|num_ping/.test(line))).toEqual([
    "hbapi-clstat 0",
    "num_ping_nodes director2 0 1",
  ]);
  node.hear({ type: "hbapi-clstat", clientGeneration: 0 });
  expect(pair.took()).toEqual(["num_ping_nodes director2 0 1"]);
  pair.answering = [];
  expect(pair.pass(1200).took()).toContain("num_ping_nodes director2 0 0");
});

const answers = [
  { theirs: 0, answer: ["you_are_dead director2 0"] },
  { theirs: 1, answer: ["abort_giveup director2 0"] },
  { theirs: 2, answer: [] },
];

test.each(answers)(
  "its number $theirs is answered as heartbeat's ipfail does: $answer",
  ({ theirs, answer }) => {
    const { pair, node } = besideReal();
    pair.took();
    node.hear({ type: "num_ping_nodes", ...fromIpfail, pingNodes: theirs });
    expect(pair.took().filter((line) => !line.startsWith("Delayed giveup"))).toEqual(answer);
  },
);

test("told that it reaches more, we give everything after the delay", () => {
  const { pair, node } = besideReal();
  pair.answering = [];
  pair.pass(1200);
  node.hear({ type: "you_are_dead", ...fromIpfail });
  expect(pair.pass(800).took()).not.toContain(gives);
  expect(pair.pass(300).took()).toContain(gives);
});

test("told in time that it is even, we keep everything", () => {
  const { pair, node } = besideReal();
  pair.answering = [];
  pair.pass(1200);
  node.hear({ type: "you_are_dead", ...fromIpfail });
  pair.pass(600);
  node.hear({ type: "abort_giveup", ...fromIpfail });
  expect(pair.pass(3000).took()).not.toContain(gives);
});

test("with ipfail off we are silent towards the ipfail of a real node", () => {
  const { pair, node } = besideReal({ ipfail: false });
  node.hear({ type: "num_ping_nodes", ...fromIpfail, pingNodes: 0 });
  node.hear({ type: "hbapi-clstat", clientGeneration: 0 });
  node.hear({ type: "you_are_dead", ...fromIpfail });
  expect(
    pair
      .pass(3000)
      .took()
      .filter((line) => /clstat|num_ping|dead|giveup|ask/.test(line)),
  ).toEqual([]);
});
