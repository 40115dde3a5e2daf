// One node against a peer played by hand: its states and deadlines, its own life, operators, and what it makes of noise.

import { expect, test } from "vitest";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { decodeFrame, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import { withTrailer } from "../../../firmware/core/heartbeat/message.ts";
import { createNode, nextWake } from "../../../firmware/core/node.ts";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { step } from "../../../firmware/core/step.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig, HEARTBEAT, MEDIA, nodeSetup, resourceGroup } from "../../support/cluster-config.ts";

const OURS = "192.168.140.150";
const BOTH = [OURS, "192.168.140.160"];
const LEFTOVER = { interface: "eth0", address: OURS, prefixLength: 24, label: "eth0:0" };

function bench(heartbeat = {}): Bench {
  return new Bench(clusterConfig(heartbeat), "director1").start();
}

function paired(): Bench {
  const node = bench().status("active").hear({ type: "resource", holds: "local", stable: true });
  node.take();
  return node;
}

const snapshotOf = (node: Bench) => takeSnapshot(node.state, { monotonic: node.now, wall: 0 });
const peerOf = (node: Bench) => snapshotOf(node).members.find(({ self }) => !self);

test("the first status goes out at the start, the next after one keepalive and not before", () => {
  const node = new Bench(clusterConfig(), "director1").event({ type: "start" });
  expect(node.take().filter(({ type }) => type === "send")).toHaveLength(1);
  expect(nextWake(node.state)).toBe(1200);
  expect(node.pass(199).take()).toEqual([]);
  expect(
    node
      .pass(1)
      .take()
      .filter(({ type }) => type === "send"),
  ).toHaveLength(1);
});

test("what an earlier start left is released before the node is up", () => {
  const node = new Bench(clusterConfig(), "director1", [LEFTOVER]).start();
  expect(node.held()).toEqual([]);
  expect(node.logged("WARN")).toEqual([`Releasing service addresses of an earlier start: ${OURS}`]);
  expect(node.state.self.status).toBe("up");
});

test("a peer never heard is dead after initdead exactly", () => {
  const node = bench().pass(4999);
  expect(peerOf(node)?.status).toBe("unknown");
  expect(node.pass(1).held()).toEqual(BOTH);
  expect(peerOf(node)?.status).toBe("dead");
});

test("a silent peer is dead after its deadtime exactly", () => {
  const node = paired().pass(999);
  expect(peerOf(node)?.status).toBe("active");
  expect(peerOf(node.pass(1))?.status).toBe("dead");
});

test("the deadtime that the peer sends is the one that counts for it", () => {
  const node = paired()
    .hear({ type: "status", status: "active", deadtime: 30_000, protocol: 1 })
    .pass(29_999);
  expect(peerOf(node)?.status).toBe("active");
  expect(peerOf(node.pass(1))?.status).toBe("dead");
});

test("one medium is enough to live, and the other's link is dead", () => {
  const node = paired();
  node.hear({ type: "status", status: "active", deadtime: 1000 }, "bcast eth0");
  node.take();
  for (let passed = 0; passed < 2000; passed += 200) {
    node.pass(200).hear({ type: "status", status: "active", deadtime: 1000 }, "bcast eth0");
  }
  expect(node.logged("info")).toEqual(["Link director2:eth1 dead."]);
  expect(peerOf(node)?.links.map(({ up }) => up)).toEqual([false, true]);
  expect(peerOf(node)?.status).toBe("active");
});

test("a late heartbeat is told with its interval", () => {
  const node = paired().pass(700).status("active");
  expect(node.logged("WARN")).toEqual(["Late heartbeat: Node director2: interval 700 ms"]);
});

test("a heartbeat says so to slow media, and nothing else does", () => {
  const topics = (node: Bench) =>
    node.take().flatMap((action) => (action.type === "send" ? [action.topic] : []));
  const node = paired().pass(200);
  expect(topics(node)).toEqual(["status director1"]);
  const request = { command: "standby", scope: "all" } as const;
  expect(topics(node.event({ type: "operator", request, id: 1 }))).toContain(undefined);
});

test("a lost carrier takes the link down at once and kills nobody", () => {
  const node = paired().event({ type: "carrier", interface: "eth1", up: false });
  expect(node.logged()).toEqual(["Carrier of eth1 lost.", "Link director2:eth1 dead."]);
  expect(peerOf(node)?.status).toBe("active");
  expect(node.held()).toEqual([OURS]);
});

test("a node that was held up for less than its deadtime calls nobody dead before it has read what waited", () => {
  const node = paired();
  node.now += 950;
  node.event({ type: "tick" });
  node.now += 60;
  node.event({ type: "tick" });
  expect(peerOf(node)?.status).toBe("active");
  expect(peerOf(node.pass(200))?.status).toBe("dead");
});

test("a tick that comes late lets waiting frames be read first, but a node that is always late is no excuse", () => {
  const node = paired().pass(960);
  node.now += 65;
  expect(peerOf(node.event({ type: "tick" }))?.status).toBe("active");
  node.now += 55;
  expect(peerOf(node.event({ type: "tick" }))?.status).toBe("dead");
});

test("a question that was held up for longer than the deadtime is none any more", () => {
  const node = paired();
  node.skip();
  node.passInTouch(2000);
  node.hearLate({ type: "ask_resources", scope: "local", step: "me" });
  expect(node.state.handover).toBeUndefined();
});

test("after a stop, what was just asked for may be there until the kernel has been seen again", () => {
  const node = bench().status("active");
  node.obeys = false;
  node.hear({ type: "resource", holds: "local", stable: true }).event({ type: "stop" });
  expect(node.said()).not.toContain("shutdone");
  node.obeys = true;
  expect(node.observe().said()).toContain("shutdone");
});

test("a node that did not run for longer than its deadtime releases before it does anything else", () => {
  const node = paired();
  node.now += 1500;
  node.event({ type: "tick" });
  expect(node.held()).toEqual([]);
  expect(node.logged("CRIT")).toEqual([
    "This node did not run for 1500 ms, longer than its deadtime of 1000 ms: releasing and rejoining",
  ]);
  expect(node.pass(999).held()).toEqual([]);
  expect(node.pass(1).held()).toEqual(BOTH);
});

test("a dispute that a long standstill interrupts leaves no deadline behind", () => {
  const node = bench().pass(5000);
  node.hearFromOurs("1 all all none alone stable none -");
  expect(node.state.peers.get("director2")?.unheardSince).toBe(node.now);
  node.now += 5000;
  node.event({ type: "tick" });
  expect(node.held()).toEqual([]);
  expect(nextWake(node.state)).toBeGreaterThan(node.now);
});

test("what the peer owns too and does not answer for is given up after the deadtime", () => {
  const node = bench().pass(5000);
  for (let passed = 0; passed < 1000; passed += 100) {
    node.hearFromOurs("1 all all none alone stable none -");
    expect(node.held()).toEqual([OURS]);
    node.pass(100);
  }
  expect(node.held()).toEqual([]);
});

test("a hand-over is given up when the peer has heard our answer and is at none, not by what it said before", () => {
  const node = bench().hearFromOurs("1 local local none paired stable none 1:1");
  node.hear({ type: "ask_resources", scope: "local", step: "me" });
  expect(node.state.handover?.stage).toBe("awaiting");
  node.hearFromOurs("1 local local none paired stable none 1:2");
  expect(node.state.handover?.stage).toBe("awaiting");
  node.hearFromOurs("1 local local none paired stable none 1:ff");
  expect(node.state.handover).toBeUndefined();
  expect(node.logged("WARN")).toContain("Hand-over not completed: director2 has given it up");
});

test("a taker that is done owns what it took, whatever an older status says that arrives after it", () => {
  const node = bench().hearFromOurs("1 local local none paired stable none 1:1");
  node.event({ type: "operator", request: { command: "standby", scope: "local" }, id: 1 });
  node.hear({ type: "ask_resources", scope: "local", step: "other" });
  expect(node.held()).toEqual([]);
  node.hear({ type: "ask_resources", scope: "local", step: "done" });
  expect(node.state.handover).toBeUndefined();
  expect(node.pass(100).held()).toEqual([]);
});

test("what was on its way when the peer was called dead agrees with nothing", () => {
  const node = bench().hearFromOurs("1 local local none paired stable none 1:1").pass(1000);
  expect(node.state.claim.alone).toBe(true);
  node.hearFromOurs("1 none none none paired stable none 1:2");
  expect(node.state.claim.alone).toBe(true);
  node.hearFromOurs("1 none none none paired stable none 1:ff");
  expect(node.state.claim.alone).toBe(false);
});

test("an acquisition that never completes ends the hand-over and leaves no deadline behind", () => {
  const node = bench().hearFromOurs("1 local local none paired stable none 1:1");
  node.hear({ type: "ask_resources", scope: "local", step: "me" });
  node.event({ type: "observed", addresses: [], routes: [] });
  node.refuses = true;
  node.hear({ type: "ask_resources", scope: "local", step: "done" });
  expect(node.state.handover?.stage).toBe("acquiring");
  for (let passed = 0; passed < 10_000; passed += 100) {
    node.pass(100).hearFromOurs("1 none none none paired stable none 1:ff");
  }
  expect(node.state.handover).toBeUndefined();
  expect(nextWake(node.state)).toBeGreaterThan(node.now);
});

test("an address that disappears is added again, and said so", () => {
  const node = paired();
  node.addresses = [];
  node.observe();
  expect(node.held()).toEqual([OURS]);
  expect(node.logged("WARN")).toEqual([`Service address ${OURS} disappeared; adding it again`]);
});

test("while an address cannot be acquired the node says so and is not stable", () => {
  const node = bench();
  node.event({ type: "observed", addresses: [], routes: [] }).pass(5000);
  expect(node.logged("ERROR")).toContain(
    `Cannot acquire ${OURS}: no route leads to it and the cluster file names no interface for it`,
  );
  expect(snapshotOf(node).stable).toBe(false);
  expect(snapshotOf(node).groups[0]?.here).toBe("acquiring");
  expect(node.observe().held()).toEqual(BOTH);
  expect(snapshotOf(node).stable).toBe(true);
});

test("a rival is answered at most once a second and told once a minute", () => {
  const node = paired().pass(100);
  node.take();
  const rival = { type: "rival", interface: "eth0", address: OURS, mac: "52:54:00:00:00:66" } as const;
  node.passInTouch(20_000).take();
  const answered = (): number =>
    node
      .event(rival)
      .take()
      .filter(({ type }) => type === "announce" || type === "log").length;
  expect([answered(), answered()]).toEqual([3, 0]);
  expect(node.passInTouch(1000).event(rival).logged()).toEqual([]);
  expect(node.event({ ...rival, address: "192.168.140.160" }).take()).toEqual([]);
});

test.each([
  ["cut short", (bytes: Uint8Array) => bytes.slice(0, 40), "malformed"],
  [
    "changed in one bit",
    (bytes: Uint8Array) => bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
    "unauthenticated",
  ],
  ["of another cluster's node", (bytes: Uint8Array) => bytes, "foreignNode"],
] as const)("a frame %s is counted, told once, and changes nothing", (_title, spoil, reason) => {
  const node = paired();
  const auth = createAuthenticator(HEARTBEAT.auth);
  const trailer = { src: "director9", seq: 1, hg: 5, ts: 1 };
  const bytes = spoil(encodeNetstring(withTrailer(compose({ type: "shutdone" }), trailer), auth));
  const frame = { type: "frame", medium: "bcast eth1", source: "10.0.0.66", bytes } as const;
  node.event(frame).event(frame);
  expect(node.logged("WARN")).toHaveLength(1);
  expect(snapshotOf(node).ignored[reason]).toBe(2);
  expect(peerOf(node)?.status).toBe("active");
});

test("an old generation cannot speak again", () => {
  const node = paired();
  node.generation = 0;
  node.hear({ type: "shutdone" });
  expect(snapshotOf(node).ignored.replayed).toBe(1);
  expect(peerOf(node)?.status).toBe("active");
});

test("the resource traffic is skipped with a line", () => {
  const groups = [resourceGroup({ node: "director1", group: ["traffic"] })];
  const node = new Bench(clusterConfig({}, groups), "director1").start();
  expect(node.logged("WARN")).toEqual(["Resource traffic of director1: this version does not act on it"]);
});

test.each([
  ["takeover", "local", /nothing to do/],
  ["standby", "foreign", /owns no foreign resources/],
] as const)("operator: %s %s beside an active peer is refused", (command, scope, reason) => {
  const [answer] = paired().event({ type: "operator", request: { command, scope }, id: 7 }).take();
  expect(answer).toMatchObject({ type: "answer", id: 7, error: expect.stringMatching(reason) });
});

test("operator: a hand-over that the peer does not answer fails after 10 s, with the reason", () => {
  const node = paired().event({ type: "operator", request: { command: "standby", scope: "local" }, id: 7 });
  node.take();
  node.passInTouch(9900);
  expect(node.take().filter(({ type }) => type === "answer")).toEqual([]);
  const answers = node
    .passInTouch(100)
    .take()
    .filter(({ type }) => type === "answer");
  expect(answers).toMatchObject([{ id: 7, error: "director2 did not answer within 10 s" }]);
  expect(node.held()).toEqual([OURS]);
});

test("operator: without an active peer nothing can be handed over", () => {
  const node = bench().pass(5000);
  node.take();
  const [answer] = node
    .event({ type: "operator", request: { command: "standby", scope: "all" }, id: 1 })
    .take();
  expect(answer).toMatchObject({ error: "peer director2 is not active, but dead" });
});

test("the orderly end: shutdown notice, release, three times shutdone, stopped, and then nothing", () => {
  const node = paired().event({ type: "stop" });
  expect(node.held()).toEqual([]);
  expect(node.said()).toEqual(["resource none false shutdown", "shutdone"]);
  node.pass(150);
  expect(node.take().at(-1)).toEqual({ type: "stopped" });
  expect(node.status("active").pass(5000).take()).toEqual([]);
  expect(nextWake(node.state)).toBeUndefined();
});

test("an end that cannot release says what is left and does not say shutdone", () => {
  const node = paired();
  let { state, actions } = step(node.state, { type: "stop", now: { monotonic: node.now, wall: 0 }, draw: 1 });
  const texts: string[] = [];
  for (let at = nextWake(state); at !== undefined; at = nextWake(state)) {
    ({ state, actions } = step(state, { type: "tick", now: { monotonic: at, wall: 0 }, draw: 1 }));
    texts.push(...actions.flatMap((action) => (action.type === "log" ? [action.text] : [])));
  }
  expect(actions.at(-1)).toEqual({ type: "stopped" });
  expect(texts).toContain(`Shutdown: ${OURS} not released within 10000 ms; ending without shutdone`);
});

test("serial media carry classic frames, the others netstrings", () => {
  const media = [...MEDIA, { id: "serial ttyS1", kind: "serial", link: "/dev/ttyS1" } as const];
  const node = createNode(clusterConfig(), nodeSetup("director1", 1, media));
  const { actions } = step(node, { type: "start", now: { monotonic: 0, wall: 0 }, draw: 0 });
  const auth = createAuthenticator(HEARTBEAT.auth);
  const sent = actions.flatMap((action) => {
    if (action.type !== "send") return [];
    const decoded = decodeFrame(action.bytes, auth);
    return [[decoded.ok && decoded.format, ...action.media]];
  });
  expect(sent).toEqual([
    ["netstring", "bcast eth1", "bcast eth0"],
    ["classic", "serial ttyS1"],
  ]);
});

test("a cluster of one takes everything at once", () => {
  const config = clusterConfig();
  const node = new Bench({ ...config, nodes: config.nodes.slice(0, 1) }, "director1").start();
  expect(node.held()).toEqual(BOTH);
  expect(snapshotOf(node).stable).toBe(true);
});

test("a setup that does not fit the cluster file is a broken invariant", () => {
  expect(() => createNode(clusterConfig(), nodeSetup("director9", 1))).toThrow(
    "node director9 is not in the cluster file",
  );
});
