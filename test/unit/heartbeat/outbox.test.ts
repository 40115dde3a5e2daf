// The sender's side of the channel: numbers, history, and how much a request can cause.
// Requests can be replayed by anybody, so a flood of them must stay cheap.

import { expect, test } from "vitest";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { text } from "../../../firmware/core/heartbeat/message.ts";
import {
  createOutbox,
  HISTORY,
  number,
  type Outbox,
  onRexmitRequest,
  type Retransmission,
} from "../../../firmware/core/heartbeat/outbox.ts";

const stamp = { src: "n1", ts: 0x10, ld: "0.1 0.2", ttl: 3 };
const starting = compose({ type: "starting" });
const peer = { dest: "n2" };

function filled(count: number): Outbox {
  let outbox = createOutbox(7);
  for (let n = 0; n < count; n++) [outbox] = number(outbox, starting, stamp);
  return outbox;
}

const resent = ({ resends }: Retransmission) =>
  resends.map((message) => Number.parseInt(text(message, "seq") ?? "", 16));

test("messages are numbered from 1 in hex under one generation", () => {
  const outbox = filled(25);
  const [next, message] = number(outbox, starting, stamp);
  expect(message.fields.map(({ name, value }) => `${name}=${value}`)).toEqual([
    "t=starting",
    "src=n1",
    "seq=1a",
    "hg=7",
    "ts=10",
    "ld=0.1 0.2",
    "ttl=3",
  ]);
  expect(next.next).toBe(27);
});

test("control messages get the generation but neither number nor load nor a place in the history", () => {
  const outbox = filled(3);
  const [next, message] = number(outbox, compose({ type: "NS_ackmsg", ...peer, sequence: 5 }), stamp);
  expect(next).toBe(outbox);
  expect(message.fields.map(({ name }) => name)).toEqual(["t", "dest", "ackseq", "src", "hg", "ts", "ttl"]);
});

test("what was missed is sent again exactly as it was", () => {
  const outbox = filled(20);
  const answer = onRexmitRequest(outbox, peer, 4, 6, 1000);
  expect(answer.resends).toEqual(outbox.history.slice(3, 6).map(({ message }) => message));
  expect(answer.replies).toEqual([]);
});

test("a repeat within 240 ms is ignored, later it is served", () => {
  const first = onRexmitRequest(filled(20), peer, 4, 6, 1000);
  const soon = onRexmitRequest(first.outbox, peer, 1, 6, 1239);
  expect(resent(soon)).toEqual([1, 2, 3]);
  expect(resent(onRexmitRequest(soon.outbox, peer, 1, 6, 1240))).toEqual([4, 5, 6]);
});

test("one request gets at most 50 messages, the next one goes on", () => {
  const first = onRexmitRequest(filled(200), peer, 11, 150, 1000);
  expect(resent(first)).toEqual(Array.from({ length: 50 }, (_, n) => 11 + n));
  expect(resent(onRexmitRequest(first.outbox, peer, 61, 150, 1240))[0]).toBe(61);
});

test("a flood of recorded requests causes 50 messages in 240 ms", () => {
  let outbox = filled(HISTORY + 100);
  let sent = 0;
  for (let now = 1000; now < 1000 + 4 * 240; now += 10) {
    const answer = onRexmitRequest(outbox, peer, ((now * 7) % 600) + 1, 600, now);
    outbox = answer.outbox;
    sent += answer.resends.length + answer.replies.length;
  }
  expect(sent).toBe(4 * 50);
});

test("what the history no longer holds is refused, once in 240 ms", () => {
  const outbox = filled(HISTORY + 3);
  const answer = onRexmitRequest(outbox, peer, 2, 5, 1000);
  expect(answer.replies).toEqual([
    { type: "NS_nak_rexmit", dest: "n2", sequence: 2 },
    { type: "NS_nak_rexmit", dest: "n2", sequence: 3 },
  ]);
  expect(resent(answer)).toEqual([4, 5]);
  expect(onRexmitRequest(answer.outbox, peer, 2, 5, 1239).replies).toEqual([]);
  expect(onRexmitRequest(answer.outbox, peer, 2, 5, 1240).replies).toHaveLength(2);
});

test("a request beyond everything sent, or for everything there is, is bounded", () => {
  const outbox = filled(HISTORY + 100);
  expect(onRexmitRequest(outbox, peer, 9000, Number.MAX_SAFE_INTEGER, 1)).toMatchObject({
    resends: [],
    replies: [],
  });
  const all = onRexmitRequest(outbox, peer, 1, Number.MAX_SAFE_INTEGER, 1);
  expect(all.replies.length + all.resends.length).toBe(50);
  expect(onRexmitRequest(createOutbox(1), peer, 1, 10, 1)).toMatchObject({ resends: [], replies: [] });
});
