// Ping nodes as one node of ours sees them: whom it asks and when, which answers count, when silence is death, and what the
// node itself waits for. The answers are the node's own questions, given back or tampered with.

import { expect, test } from "vitest";
import type { HeartbeatConfig } from "../../../firmware/core/config/cluster.ts";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { decodeFrame, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import { type Message, text } from "../../../firmware/core/heartbeat/message.ts";
import { takeSnapshot } from "../../../firmware/core/snapshot.ts";
import { Bench } from "../../support/bench.ts";
import { clusterConfig, HEARTBEAT } from "../../support/cluster-config.ts";

const ROUTER = "192.168.140.1";
const [LEFT, RIGHT] = ["10.9.0.1", "10.9.0.2"];
const UPLINK = { name: "uplink", members: [LEFT, RIGHT] };
const auth = createAuthenticator(HEARTBEAT.auth);

interface Echo {
  readonly source: string;
  readonly bytes: Uint8Array;
}

function bench(heartbeat: Partial<HeartbeatConfig>): Bench {
  return new Bench(clusterConfig(heartbeat), "director1").start();
}

/** What the node has asked since the last look. */
function asked(node: Bench): readonly Echo[] {
  return node
    .take()
    .flatMap((action) => (action.type === "ping" ? [{ source: action.target, bytes: action.bytes }] : []));
}

function answer(node: Bench, ...echoes: readonly Echo[]): void {
  for (const echo of echoes) node.event({ type: "echo", ...echo });
}

/** Time passes while those who are named answer. */
function passAnswered(node: Bench, ms: number, ...names: readonly string[]): void {
  for (let passed = 0; passed < ms; passed += 100) {
    answer(node, ...asked(node).filter(({ source }) => names.includes(source)));
    node.pass(100);
  }
}

const states = (node: Bench) =>
  takeSnapshot(node.state, { monotonic: node.now, wall: 0 }).pingNodes.map(
    ({ name, status }) => `${name} ${status}`,
  );

test("every address is asked once in each keepalive, also when it is in two lists", () => {
  const node = bench({ ping: [ROUTER, LEFT], pingGroups: [UPLINK] });
  const targets = () => asked(node).map(({ source }) => source);
  expect(targets()).toEqual([ROUTER, LEFT, RIGHT]);
  expect([node.pass(199), targets()].at(-1)).toEqual([]);
  expect([node.pass(1), targets()].at(-1)).toEqual([ROUTER, LEFT, RIGHT]);
});

test("a node without ping nodes asks nobody and waits for nobody", () => {
  const node = bench({});
  expect(asked(node.pass(1000))).toEqual([]);
  expect(states(node)).toEqual([]);
});

test("the question is heartbeat's message of a ping node, signed by ourselves", () => {
  const [question] = asked(bench({ ping: [ROUTER] }));
  const decoded = decodeFrame(question?.bytes ?? new Uint8Array(), auth);
  if (!decoded.ok) throw new Error(decoded.detail);
  expect(decoded.message.fields.map(({ name, value }) => `${name}=${value}`)).toEqual([
    ...["t=NS_st", "st=ping", "info=ping", `src=${ROUTER}`, "seq=1", "hg=1", "ts=6553f100"],
  ]);
});

test("the first answer brings a ping node up, in heartbeat's words", () => {
  const node = bench({ ping: [ROUTER] });
  answer(node, ...asked(node));
  expect(states(node)).toEqual([`${ROUTER} ping`]);
  expect(node.logged()).toEqual([
    `Link ${ROUTER}:${ROUTER} up.`,
    `Status update for node ${ROUTER}: status ping`,
  ]);
});

test("a ping node is dead after deadping exactly, and up again with its next answer", () => {
  const node = bench({ ping: [ROUTER], deadping: 700 });
  answer(node, ...asked(node));
  node.pass(699);
  expect(states(node)).toEqual([`${ROUTER} ping`]);
  node.take();
  node.pass(1);
  expect(states(node)).toEqual([`${ROUTER} dead`]);
  expect(node.logged()).toEqual([`node ${ROUTER}: is dead`, `Link ${ROUTER}:${ROUTER} dead.`]);
  answer(node, ...asked(node.pass(200)));
  expect(states(node)).toEqual([`${ROUTER} ping`]);
});

test("a ping node that never answers is dead after initdead exactly", () => {
  const node = bench({ ping: [ROUTER] }).pass(4999);
  expect(states(node)).toEqual([`${ROUTER} unknown`]);
  expect(states(node.pass(1))).toEqual([`${ROUTER} dead`]);
});

test("a node that stood still asks again before it calls a ping node dead", () => {
  const node = bench({ ping: [ROUTER] });
  answer(node, ...asked(node));
  node.now += 900;
  const questions = asked(node.event({ type: "tick" }));
  node.pass(150);
  expect(states(node)).toEqual([`${ROUTER} ping`]);
  answer(node, ...questions);
  expect(states(node.pass(100))).toEqual([`${ROUTER} ping`]);
  node.now += 3000;
  node.event({ type: "tick" });
  expect(states(node)).toEqual([`${ROUTER} ping`]);
  expect(states(node.pass(200))).toEqual([`${ROUTER} dead`]);
});

test("a group lives while one of its members answers", () => {
  const node = bench({ pingGroups: [UPLINK] });
  passAnswered(node, 2000, LEFT, RIGHT);
  expect(states(node)).toEqual(["uplink ping"]);
  passAnswered(node, 2000, RIGHT);
  expect(states(node)).toEqual(["uplink ping"]);
  node.take();
  passAnswered(node, 2000);
  expect(states(node)).toEqual(["uplink dead"]);
  passAnswered(node, 400, LEFT);
  expect(states(node)).toEqual(["uplink ping"]);
});

test("an address in the list and in a group counts for both", () => {
  const node = bench({ ping: [LEFT], pingGroups: [UPLINK] });
  passAnswered(node, 400, LEFT);
  expect(states(node)).toEqual([`${LEFT} ping`, "uplink ping"]);
});

test("an answer later than warntime is a late heartbeat", () => {
  const node = bench({ ping: [ROUTER] });
  answer(node, ...asked(node));
  node.take();
  node.pass(800);
  answer(node, ...asked(node));
  expect(node.logged("WARN")).toEqual([`Late heartbeat: Node ${ROUTER}: interval 800 ms`]);
});

function changed({ source, bytes }: Echo, name: string, value: string, key = auth): Echo {
  const decoded = decodeFrame(bytes, auth);
  if (!decoded.ok) throw new Error(decoded.detail);
  const message: Message = {
    fields: decoded.message.fields.map((field) => (field.name === name ? { name, value } : field)),
  };
  expect(text(message, name)).toBe(value);
  return { source, bytes: encodeNetstring(message, key) };
}

const guessed = createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "sha1", key: "guessed" }] });

const tampered: readonly { what: string; make: (echo: Echo) => Echo }[] = [
  { what: "from another address", make: ({ bytes }) => ({ source: "192.168.140.66", bytes }) },
  { what: "of another target's question", make: (echo) => changed(echo, "src", "192.168.140.66") },
  { what: "signed with another key", make: (echo) => changed(echo, "t", "NS_st", guessed) },
  { what: "of another type", make: (echo) => changed(echo, "t", "status") },
  { what: "of an earlier life", make: (echo) => changed(echo, "hg", "7") },
  { what: "without a number", make: (echo) => changed(echo, "seq", "x") },
  { what: "that is noise", make: ({ source }) => ({ source, bytes: new Uint8Array([8, 0, 255]) }) },
  { what: "that is empty", make: ({ source }) => ({ source, bytes: new Uint8Array() }) },
];

test.each(tampered)("an answer $what counts for nothing", ({ make }) => {
  const node = bench({ ping: [ROUTER] });
  answer(node, ...asked(node).map(make));
  expect(states(node)).toEqual([`${ROUTER} unknown`]);
});

test("an answer counts once, and not after a later one", () => {
  const node = bench({ ping: [ROUTER] });
  const first = asked(node);
  const second = asked(node.pass(200));
  answer(node, ...second);
  for (let passed = 0; passed < 1000; passed += 100) {
    answer(node, ...first, ...second);
    node.pass(100);
  }
  expect(states(node)).toEqual([`${ROUTER} dead`]);
});

test("an answer to a question of a deadping ago comes too late", () => {
  const node = bench({ ping: [ROUTER] });
  const [recorded] = [asked(node), node.pass(1000)];
  answer(node, ...recorded);
  expect(states(node)).toEqual([`${ROUTER} unknown`]);
});

test("beside a living peer a node becomes active when its ping nodes have answered", () => {
  const node = bench({ ping: [ROUTER] }).status("active");
  expect(node.state.self.status).toBe("up");
  answer(node, ...asked(node));
  expect(node.state.self.status).toBe("active");
});

test("beside a living peer a node whose ping nodes are silent becomes active after initdead", () => {
  const node = bench({ ping: [ROUTER] });
  node.passInTouch(4900);
  expect(node.state.self.status).toBe("up");
  node.passInTouch(100);
  expect(node.state.self.status).toBe("active");
});

test("without a peer nobody waits for ping nodes", () => {
  const node = bench({ ping: [ROUTER] }).status("active");
  node.pass(999);
  expect(node.state.self.status).toBe("up");
  node.pass(1);
  expect(node.state.self.status).toBe("active");
  expect(node.held()).toEqual(["192.168.140.150", "192.168.140.160"]);
});
