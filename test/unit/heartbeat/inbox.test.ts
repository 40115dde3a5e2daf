// The receiver's side of the channel, read as a security reviewer would: what a frame may be taken as evidence of,
// and what is asked for again, when and how often.

import { describe, expect, test } from "vitest";
import {
  createInbox,
  duplicateWindow,
  type Inbox,
  type InboxOptions,
  onRefusal,
  type Reception,
  receive,
  tick,
  wake,
} from "../../../firmware/core/heartbeat/inbox.ts";

const WINDOW = 1000;
const G = 0x6b020237;

interface Step {
  readonly seq?: number;
  readonly hg?: number;
  readonly at: number;
}

/** Feeds the steps in order with draw 0 and returns the last reception. */
function hear(steps: readonly Step[], options: Partial<InboxOptions> = {}): Reception {
  let inbox: Inbox = createInbox({ peer: "n2", duplicateWindow: WINDOW, draw: 9, ...options });
  let last: Reception | undefined;
  for (const { seq, hg = G, at } of steps) {
    last = receive(inbox, { src: "n2", ...(seq !== undefined && { seq }), hg, ts: 1 }, at, 0);
    inbox = last.inbox;
  }
  if (last === undefined) throw new Error("no steps");
  return last;
}

const upTo = (last: number, at = 0): Step[] =>
  Array.from({ length: last }, (_, n) => ({ seq: n + 1, at: at + n }));

test.each<[string, Step[], Partial<Reception>]>([
  ["the first message ever", [{ seq: 40, at: 0 }], { verdict: "deliver", evidence: "node", late: false }],
  [
    "the next message",
    [...upTo(3), { seq: 4, at: 9 }],
    { verdict: "deliver", evidence: "node", late: false },
  ],
  ["a message after a hole", [...upTo(3), { seq: 9, at: 9 }], { verdict: "deliver", evidence: "node" }],
  [
    "a copy over a second medium",
    [...upTo(3), { seq: 3, at: 9 }],
    { verdict: "duplicate", evidence: "link" },
  ],
  ["a copy of an older message", [...upTo(3), { seq: 1, at: 9 }], { verdict: "duplicate", evidence: "link" }],
  [
    "a copy at the end of the window",
    [
      { seq: 3, at: 0 },
      { seq: 3, at: WINDOW },
    ],
    { verdict: "duplicate", evidence: "link" },
  ],
  [
    "a copy after the window",
    [
      { seq: 3, at: 0 },
      { seq: 3, at: WINDOW + 1 },
    ],
    { verdict: "replayed", evidence: "nothing" },
  ],
  [
    "a third copy, long after the first",
    [
      { seq: 3, at: 0 },
      { seq: 3, at: 900 },
      { seq: 3, at: 1800 },
    ],
    { verdict: "replayed", evidence: "nothing" },
  ],
  [
    "what fills a hole",
    [...upTo(3), { seq: 5, at: 9 }, { seq: 4, at: 20 }],
    { verdict: "deliver", late: true, evidence: "link" },
  ],
  [
    "what fills a hole after the window",
    [...upTo(3), { seq: 5, at: 9 }, { seq: 4, at: 2000 }],
    { verdict: "deliver", late: true, evidence: "nothing" },
  ],
  [
    "a copy of what filled a hole",
    [...upTo(3), { seq: 5, at: 9 }, { seq: 4, at: 20 }, { seq: 4, at: 30 }],
    { verdict: "duplicate", evidence: "link" },
  ],
  [
    "something older than what was first heard",
    [
      { seq: 40, at: 0 },
      { seq: 39, at: 1 },
    ],
    { verdict: "replayed" },
  ],
  [
    "a higher generation",
    [...upTo(3), { seq: 1, hg: G + 1, at: 9 }],
    { verdict: "restarted", evidence: "node" },
  ],
  [
    "a lower generation, however high its number",
    [...upTo(3), { seq: 900, hg: G - 1, at: 9 }],
    { verdict: "replayed", evidence: "nothing" },
  ],
  [
    "a message of the generation before a restart",
    [...upTo(3), { seq: 1, hg: G + 1, at: 9 }, { seq: 4, at: 10 }],
    { verdict: "replayed", evidence: "nothing" },
  ],
  ["a control message", [...upTo(3), { at: 9 }], { verdict: "deliver", evidence: "nothing" }],
  ["a control message of an old generation", [...upTo(3), { hg: G - 1, at: 9 }], { verdict: "replayed" }],
  ["a control message before anything else", [{ at: 9 }], { verdict: "deliver", evidence: "nothing" }],
])("%s", (_, steps, expected) => {
  expect(hear(steps)).toMatchObject(expected);
});

test("a recording of everything a dead node said never counts as hearing it", () => {
  const spoken = [...upTo(30), { seq: 32, at: 40 }, { seq: 300, at: 50 }, { seq: 301, at: 51 }];
  let { inbox } = hear(spoken);
  for (let round = 0; round < 3; round++) {
    for (const [index, step] of spoken.entries()) {
      const at = 10_000 + round * 1000 + index;
      const heard = receive(inbox, { src: "n2", seq: step.seq ?? 0, hg: G, ts: 1 }, at, 0);
      expect(heard).toMatchObject({ verdict: "replayed", evidence: "nothing" });
      inbox = heard.inbox;
    }
  }
});

describe("after a restart of ours", () => {
  const position = { generation: G, sequence: 30 };
  test.each<[string, Step, Partial<Reception>]>([
    [
      "the last session of the peer is refused up to the stored number",
      { seq: 30, at: 0 },
      { verdict: "replayed" },
    ],
    ["an older session is refused", { seq: 31, hg: G - 1, at: 0 }, { verdict: "replayed" }],
    ["the peer is heard when it goes on", { seq: 500, at: 0 }, { verdict: "deliver", evidence: "node" }],
    ["the peer is heard when it restarted too", { seq: 1, hg: G + 1, at: 0 }, { verdict: "restarted" }],
  ])("%s", (_, step, expected) => {
    expect(hear([step], { position })).toMatchObject(expected);
  });

  test("nothing from before is asked for", () => {
    expect(hear([{ seq: 35, at: 0 }], { position }).inbox.missing.size).toBe(0);
    expect(hear([{ seq: 35, at: 0 }]).inbox.missing.size).toBe(0);
  });
});

describe("acks", () => {
  const ack = (sequence: number) => [{ type: "NS_ackmsg", dest: "n2", sequence }];
  test.each<[string, Step[], unknown]>([
    ["one message in ten is acked", upTo(19), ack(19)],
    ["the others are not", upTo(18), []],
    ["not while an older one is missing", [...upTo(3), ...upTo(19).slice(4)], []],
    ["a copy is not acked again", [...upTo(19), { seq: 19, at: 30 }], []],
    [
      "a hole filled at the trigger is acked",
      [...upTo(18), { seq: 20, at: 30 }, { seq: 19, at: 40 }],
      ack(19),
    ],
  ])("%s", (_, steps, replies) => {
    expect(hear(steps).replies).toEqual(replies);
  });

  test("the ack names the peer's uuid once it is known", () => {
    const inbox = createInbox({ peer: "n2", duplicateWindow: WINDOW, draw: 1 });
    const srcuuid = new Uint8Array(16).fill(3);
    const { replies } = receive(inbox, { src: "n2", srcuuid, seq: 1, hg: G, ts: 1 }, 0, 0);
    expect(replies).toEqual([{ type: "NS_ackmsg", dest: "n2", destuuid: srcuuid, sequence: 1 }]);
  });
});

describe("asking for what is missing", () => {
  const rexmit = (first: number, last: number) => ({ type: "NS_rexmit", dest: "n2", first, last });
  const torn = hear([...upTo(3), { seq: 6, at: 100 }, { seq: 8, at: 100 }]).inbox;

  test("waits 50 ms and the random delay, then asks each 250 ms", () => {
    expect(wake(torn)).toBe(150);
    expect(tick(torn, 149)).toEqual({ inbox: torn, replies: [] });
    const asked = tick(torn, 150);
    expect(asked.replies).toEqual([rexmit(4, 5), rexmit(7, 7)]);
    expect(wake(asked.inbox)).toBe(400);
    expect(tick(asked.inbox, 399).replies).toEqual([]);
    expect(tick(asked.inbox, 400).replies).toEqual([rexmit(4, 5), rexmit(7, 7)]);
    const { inbox } = hear(upTo(3));
    const late = receive(inbox, { src: "n2", seq: 6, hg: G, ts: 1 }, 100, 0xffffffff).inbox;
    expect(wake(late)).toBe(100 + 50 + (0xffffffff % 201));
  });

  test("stops when the hole is filled", () => {
    const { inbox } = receive(torn, { src: "n2", seq: 7, hg: G, ts: 1 }, 120, 0);
    expect(tick(inbox, 150).replies).toEqual([rexmit(4, 5)]);
  });

  test("stops when the peer refuses, for everything as old; a refusal of another generation is a replay", () => {
    expect([...onRefusal(torn, { src: "n2", hg: G, ts: 1 }, 5).missing.keys()]).toEqual([7]);
    expect(onRefusal(torn, { src: "n2", hg: G - 1, ts: 1 }, 5)).toBe(torn);
  });

  test("a gap of 250 is asked for, 50 in each request; a wider one starts the numbering anew", () => {
    const { inbox } = hear([...upTo(3), { seq: 254, at: 100 }]);
    expect(tick(inbox, 150).replies).toEqual([
      rexmit(4, 53),
      rexmit(54, 103),
      rexmit(104, 153),
      rexmit(154, 203),
      rexmit(204, 253),
    ]);
    expect(hear([...upTo(3), { seq: 5, at: 99 }, { seq: 257, at: 100 }]).inbox.missing.size).toBe(0);
  });

  test("many separate holes are asked for in small portions, each in its turn", () => {
    let { inbox } = hear(upTo(100).filter(({ seq }) => seq === 1 || (seq ?? 0) % 2 === 0));
    const first = tick(inbox, 200).inbox;
    expect(wake(first)).toBe(250);
    expect(tick(first, 249).replies).toEqual([]);
    const asked = new Set<number>();
    for (let now = 200; asked.size < 49; now += 50) {
      const result = tick(inbox, now);
      expect(result.replies.length).toBeLessThanOrEqual(8);
      for (const reply of result.replies) if (reply.type === "NS_rexmit") asked.add(reply.first);
      inbox = result.inbox;
      expect(now).toBeLessThan(600);
    }
  });

  test("holes are never more than 250, and never older than the sender's history", () => {
    const holes = hear([
      { seq: 1, at: 0 },
      { seq: 200, at: 1 },
      { seq: 400, at: 2 },
    ]).inbox.missing;
    expect(holes.size).toBe(250);
    expect(holes.has(399)).toBe(true);
    const early = [2, 3, 4, 5];
    const upTo501 = hear(upTo(501).filter(({ seq }) => !early.includes(seq ?? 0)));
    expect([...upTo501.inbox.missing.keys()]).toEqual(early);
    const { inbox } = receive(upTo501.inbox, { src: "n2", seq: 502, hg: G, ts: 1 }, 502, 0);
    expect([...inbox.missing.keys()]).toEqual([3, 4, 5]);
  });

  test("a peer that restarts while we listen is asked for its first words", () => {
    const { inbox } = hear([...upTo(3), { seq: 5, at: 5 }, { seq: 3, hg: G + 1, at: 100 }]);
    expect(tick(inbox, 150).replies).toEqual([rexmit(1, 2)]);
  });
});

test("judging does not grow with the messages heard", () => {
  const { inbox } = hear(upTo(2000));
  expect(inbox.arrivals.size).toBeLessThanOrEqual(500);
  expect(inbox.missing.size).toBe(0);
});

const windows: readonly [string, number, readonly string[], number][] = [
  ["networks carry at once: a copy later than deadtime is a replay", 500, ["bcast", "ucast"], 500],
  ["a serial line may be seconds behind", 500, ["bcast", "serial"], 5000],
  ["a long deadtime covers that", 30_000, ["serial"], 30_000],
];
test.each(windows)("%s", (_, deadtime, kinds, expected) => {
  expect(
    duplicateWindow(
      deadtime,
      kinds.map((kind) => ({ kind })),
    ),
  ).toBe(expected);
});
