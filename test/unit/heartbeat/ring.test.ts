// Serial rings: nodes joined by cables that carry frames from one end to the other and nowhere else. Who hears whom,
// and that every message crosses each cable a bounded number of times.

import { expect, test } from "vitest";
import type { Event, MediumSetup } from "../../../firmware/core/event.ts";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { encodeClassic } from "../../../firmware/core/heartbeat/frame.ts";
import { latin1Text } from "../../../firmware/core/heartbeat/text.ts";
import { createNode, type NodeState, nextWake } from "../../../firmware/core/node.ts";
import { step } from "../../../firmware/core/step.ts";
import { clusterConfig, GROUPS, HEARTBEAT, nodeSetup, ROUTES } from "../../support/cluster-config.ts";

interface Cable {
  /** The two ends: node and device. */
  readonly ends: readonly [string, string];
  cut: boolean;
  readonly crossed: string[];
}

/** A simulated cabinet of nodes and cables. Frames take `latency` ms. */
class Cabinet {
  now = 0;
  readonly states = new Map<string, NodeState>();
  readonly cables: readonly Cable[];
  /** What each node's frames were said to be about. */
  readonly topics = new Map<string, Set<string | undefined>>();
  #flying: { at: number; node: string; medium: string; bytes: Uint8Array }[] = [];
  readonly #latency: number;

  constructor(nodes: number, cables: readonly (readonly [string, string])[], latency = 10, heartbeat = {}) {
    this.#latency = latency;
    this.cables = cables.map((ends) => ({ ends, cut: false, crossed: [] }));
    const config = clusterConfig(heartbeat, GROUPS, nodes);
    for (const { name } of config.nodes) {
      const devices = cables.flat().filter((end) => end.startsWith(`${name} `));
      const media = devices.map((end): MediumSetup => {
        const device = end.split(" ")[1] ?? "";
        return { id: `serial ${device}`, kind: "serial", link: device };
      });
      this.states.set(name, createNode(config, nodeSetup(name, 1, media)));
    }
    for (const name of this.states.keys()) {
      this.#event(name, { type: "start" });
      this.#event(name, { type: "observed", addresses: [], routes: ROUTES });
    }
  }

  #event(name: string, event: Record<string, unknown>): void {
    const before = this.states.get(name);
    if (before === undefined) throw new Error(`no node ${name}`);
    const stamped = { ...event, now: { monotonic: this.now, wall: 1_700_000_000 }, draw: 7 } as Event;
    const { state, actions } = step(before, stamped);
    this.states.set(name, state);
    for (const action of actions) {
      if (action.type !== "send") continue;
      this.topics.set(name, (this.topics.get(name) ?? new Set()).add(action.topic));
      for (const medium of action.media) this.#send(name, medium, action.bytes);
    }
  }

  #send(name: string, medium: string, bytes: Uint8Array): void {
    const end = `${name} ${medium.split(" ")[1]}`;
    for (const { ends, cut, crossed } of this.cables) {
      if (!ends.includes(end) || cut) continue;
      crossed.push(latin1Text(bytes));
      const [node = "", device] = (ends[0] === end ? ends[1] : ends[0]).split(" ");
      this.#flying.push({ at: this.now + this.#latency, node, medium: `serial ${device}`, bytes });
    }
  }

  run(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const frame = this.#flying.toSorted((a, b) => a.at - b.at)[0];
      const [name, wake] = [...this.states]
        .map(([each, state]) => [each, nextWake(state) ?? Number.POSITIVE_INFINITY] as const)
        .sort((a, b) => a[1] - b[1])[0] ?? ["", Number.POSITIVE_INFINITY];
      const next = Math.min(frame?.at ?? Number.POSITIVE_INFINITY, wake);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (frame !== undefined && frame.at <= wake) {
        this.#flying = this.#flying.filter((each) => each !== frame);
        const { node, medium, bytes } = frame;
        this.#event(node, { type: "frame", medium, source: medium, bytes });
      } else this.#event(name, { type: "tick" });
    }
    this.now = end;
    return this;
  }

  /** Puts a frame into the end of a node's cable. */
  inject(node: string, medium: string, bytes: Uint8Array): this {
    this.#event(node, { type: "frame", medium, source: medium, bytes });
    return this;
  }

  /** Who is active for whom. */
  heard(): readonly string[] {
    return [...this.states].flatMap(([name, { peers }]) =>
      [...peers].flatMap(([peer, { status }]) => (status === "active" ? [`${name} hears ${peer}`] : [])),
    );
  }

  /** How often frames that match crossed any cable since the last look. */
  count(pattern: RegExp): number {
    return this.cables.flatMap(({ crossed }) => crossed.splice(0)).filter((frame) => pattern.test(frame))
      .length;
  }
}

const RING: readonly (readonly [string, string])[] = [
  ["director1 ttyS0", "director2 ttyS1"],
  ["director2 ttyS0", "director3 ttyS1"],
  ["director3 ttyS0", "director1 ttyS1"],
];

/** A frame as director1 would send it. */
function frame(fields: Readonly<Record<string, string>>, ttl = 4): Uint8Array {
  const list = Object.entries({ ...fields, src: "director1", hg: "1", ts: "1", ttl: String(ttl) });
  return encodeClassic(
    { fields: list.map(([name, value]) => ({ name, value })) },
    createAuthenticator(HEARTBEAT.auth),
  );
}

test("in a whole ring of three everybody hears everybody, and each message crosses four times", () => {
  const ring = new Cabinet(3, RING).run(3000);
  expect(ring.heard()).toHaveLength(6);
  ring.count(/./);
  ring.run(2000);
  // Ten keepalives of three nodes: two cables from the sender and one hop by each of the others.
  expect(ring.count(/^t=status$/m)).toBe(10 * 3 * 4);
});

test("heartbeats that are passed on are their sender's newest word, like those of its own", () => {
  const ring = new Cabinet(3, RING).run(3000);
  const heartbeats = [1, 2, 3].map((number) => `status director${number}`);
  for (const topics of ring.topics.values()) expect([...topics]).toEqual(expect.arrayContaining(heartbeats));
  expect(ring.topics.get("director1")?.size).toBe(4);
});

test.each([0, 1, 2])("a ring of three with cable %d cut still lets all three hear each other", (cable) => {
  const ring = new Cabinet(3, RING).run(3000);
  const cut = ring.cables[cable];
  if (cut !== undefined) cut.cut = true;
  ring.run(5000);
  expect(ring.heard()).toHaveLength(6);
  ring.count(/./);
  ring.run(2000);
  // The node in the middle sends its own twice; those at the ends once, and each of them is sent on once.
  expect(ring.count(/^t=status$/m)).toBe(10 * (2 + 2 * 2));
});

test("links are those over which a node's frames come, directly or by the ring", () => {
  const ring = new Cabinet(3, RING).run(3000);
  const links = () =>
    [...(ring.states.get("director1")?.peers ?? [])].map(
      ([name, peer]) => `${name}: ${[...peer.links].flatMap(([id, { up }]) => (up ? [id] : [])).join(", ")}`,
    );
  expect(links()).toEqual(["director2: serial ttyS0, serial ttyS1", "director3: serial ttyS0, serial ttyS1"]);
  const [first] = ring.cables;
  if (first !== undefined) first.cut = true;
  ring.run(3000);
  expect(links()).toEqual(["director2: serial ttyS1", "director3: serial ttyS1"]);
});

test("two nodes with two cables send nothing on: there is nobody else to hear it", () => {
  const cables = [
    ["director1 ttyS0", "director2 ttyS0"],
    ["director1 ttyS1", "director2 ttyS1"],
  ] as const;
  const pair = new Cabinet(2, cables).run(3000);
  expect(pair.heard()).toHaveLength(2);
  pair.count(/./);
  pair.run(2000);
  expect(pair.count(/^t=status$/m)).toBe(10 * 2 * 2);
});

test("a slow ring, in which the copies come a keepalive late, does not multiply them", () => {
  const ring = new Cabinet(3, RING, 150).run(5000);
  ring.count(/./);
  ring.run(2000);
  expect(ring.count(/^t=status$/m)).toBeLessThanOrEqual(10 * 3 * 4);
});

test("a ring of six hears all around; without hops left nothing is sent on", () => {
  const cables = Array.from({ length: 6 }, (_, index) => {
    const next = ((index + 1) % 6) + 1;
    return [`director${index + 1} ttyS0`, `director${next} ttyS1`] as const;
  });
  const ring = new Cabinet(6, cables).run(5000);
  expect(ring.heard()).toHaveLength(30);
  ring.count(/./);
  ring
    .inject("director2", "serial ttyS1", frame({ t: "NS_ackmsg", dest: "director4", ackseq: "99" }, 1))
    .run(150);
  expect(ring.count(/ackseq=99$/m)).toBe(0);
});

test("a control message ends at its addressee", () => {
  const ring = new Cabinet(3, RING).run(3000);
  ring.count(/./);
  const ack = { t: "NS_ackmsg", ackseq: "5" };
  ring.inject("director2", "serial ttyS1", frame({ ...ack, dest: "director2" })).run(100);
  expect(ring.count(/ackseq=5$/m)).toBe(0);
  ring.inject("director2", "serial ttyS1", frame({ ...ack, dest: "director3" })).run(100);
  expect(ring.count(/ackseq=5$/m)).toBe(1);
});

test("a control message to a node that is not there is sent on no more often than there are hops", () => {
  const ring = new Cabinet(3, RING).run(3000);
  ring.count(/./);
  ring
    .inject("director2", "serial ttyS1", frame({ t: "NS_ackmsg", ackseq: "5", dest: "director9" }))
    .run(500);
  // To director3 and on to director1, whose own it is.
  expect(ring.count(/ackseq=5$/m)).toBe(2);
});

test("what is sent on is signed again, has one hop less and is the same otherwise", () => {
  const ring = new Cabinet(3, RING).run(3000);
  ring.cables[1]?.crossed.splice(0);
  const sent = frame({ t: "NS_ackmsg", ackseq: "5", dest: "director3" });
  ring.inject("director2", "serial ttyS1", sent);
  expect(ring.cables[1]?.crossed).toEqual([
    latin1Text(frame({ t: "NS_ackmsg", ackseq: "5", dest: "director3" }, 3)),
  ]);
});

test("a retransmission passes where the first copy has passed", () => {
  const ring = new Cabinet(3, RING).run(3000);
  const status = { t: "status", st: "active", dt: "3e8", protocol: "1", seq: "7fff" };
  ring.count(/./);
  ring.inject("director2", "serial ttyS1", frame(status)).run(10);
  ring.inject("director2", "serial ttyS1", frame(status)).run(100);
  expect(ring.count(/^seq=7fff$/m)).toBe(2);
  ring.inject("director2", "serial ttyS1", frame(status)).run(100);
  expect(ring.count(/^seq=7fff$/m)).toBeGreaterThan(0);
});

test("what the far end has missed passes a node that heard it long ago", () => {
  const ring = new Cabinet(3, RING).run(5000);
  ring.count(/./);
  const old = { t: "starting", seq: "3" };
  ring.inject("director2", "serial ttyS1", frame(old)).run(100);
  // director3 has sent on a copy with more hops left.
  expect(ring.count(/^t=starting$/m)).toBe(1);
  expect(ring.states.get("director2")?.ignored.replayed).toBe(0);
});

test("a message that came by bcast first is sent on when its copy comes by cable, and bcast is never sent on", () => {
  const media: readonly MediumSetup[] = [
    { id: "bcast eth1", kind: "bcast", link: "eth1" },
    { id: "serial ttyS0", kind: "serial", link: "ttyS0" },
    { id: "serial ttyS1", kind: "serial", link: "ttyS1" },
  ];
  let state = createNode(clusterConfig({}, GROUPS, 3), nodeSetup("director2", 1, media));
  const play = (event: Record<string, unknown>): readonly string[] => {
    const stepped = step(state, { ...event, now: { monotonic: 0, wall: 1 }, draw: 7 } as Event);
    state = stepped.state;
    const text = (bytes: Uint8Array) => latin1Text(bytes);
    return stepped.actions.flatMap((action) =>
      action.type === "send" && text(action.bytes).includes("src=director1") ? action.media : [],
    );
  };
  play({ type: "start" });
  const bytes = frame({ t: "status", st: "active", dt: "3e8", protocol: "1", seq: "1" });
  expect(play({ type: "frame", medium: "bcast eth1", source: "eth1", bytes })).toEqual([]);
  expect(play({ type: "frame", medium: "serial ttyS1", source: "ttyS1", bytes })).toEqual(["serial ttyS0"]);
  expect(play({ type: "frame", medium: "serial ttyS0", source: "ttyS0", bytes })).toEqual([]);
});
