// The queue in front of a serial line: what waits stays fresh and bounded, whoever sends how much.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SendQueue } from "../../../firmware/adapters/send-queue.ts";

/** 400 bytes may wait before frames with a topic overtake, 4000 in all. */
const emptyQueue = () => new SendQueue(1000, 400);
const bytes = (text: string, length = 100) => new TextEncoder().encode(text.padEnd(length, "."));

function drain(queue: SendQueue): string[] {
  const texts: string[] = [];
  for (let frame = queue.take(); frame !== undefined; frame = queue.take()) {
    texts.push(new TextDecoder().decode(frame).replace(/\.+$/, ""));
  }
  return texts;
}

/** Words put in: "a" is a frame, "status:a" one with a topic. */
function queued(...words: string[]): { queue: SendQueue; dropped: number } {
  const queue = emptyQueue();
  let dropped = 0;
  for (const word of words) {
    const [text = "", topic] = word.split(":").reverse();
    dropped += queue.put(bytes(text), topic);
  }
  return { queue, dropped };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

const rows: readonly [string, string[], string[], number][] = [
  ["frames leave in the order they came", ["a", "b", "c"], ["a", "b", "c"], 0],
  ["a status waits its turn in a short queue", ["a", "status:1", "b"], ["a", "1", "b"], 0],
  ["and none is left out there", ["status:1", "a", "status:2", "status:3"], ["1", "a", "2", "3"], 0],
  ["in a long one the newest overtakes", [...many(5), "status:1"], ["1", ...many(5)], 0],
  [
    "the older ones keep their turn",
    [...many(3), "status:1", "a", "status:2"],
    ["2", ...many(3), "1", "a"],
    0,
  ],
  ["one that was in front loses its place", [...many(5), "status:1", "status:2"], ["2", "1", ...many(5)], 0],
  ["but not another node's", [...many(5), "of n1:1", "of n2:2"], ["1", "2", ...many(5)], 0],
  ["what waits already is not put in again", ["a", "b", "a", "a"], ["a", "b"], 0],
  ["the oldest is dropped when too much waits", many(42), many(42).slice(2), 2],
  ["a status is not", ["status:1", ...many(41)], ["1", ...many(41).slice(2)], 2],
  ["unless there is a newer one", ["status:1", ...many(40), "status:2"], ["2", ...many(40).slice(1)], 2],
];

test.each(rows)("%s", (_, words, expected, dropped) => {
  const put = queued(...words);
  expect(drain(put.queue)).toEqual(expected);
  expect(put.dropped).toBe(dropped);
  expect(put.queue.bytes).toBe(0);
});

test("a frame longer than all that may wait is sent alone", () => {
  const queue = emptyQueue();
  expect(queue.put(bytes("a"))).toBe(0);
  expect(queue.put(bytes("huge", 9000))).toBe(1);
  expect(drain(queue)).toEqual(["huge"]);
});

test("nothing is left when it is cleared", () => {
  const { queue } = queued("a", "status:1");
  queue.clear();
  expect(drain(queue)).toEqual([]);
});

test("whatever is put in, the newest of each topic is there, early, and what waits is bounded", () => {
  const frame = fc.record({
    length: fc.integer({ min: 20, max: 600 }),
    topic: fc.option(fc.constantFrom("x", "y")),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 80 }), (frames) => {
      const queue = emptyQueue();
      const newest = new Map<string, string>();
      for (const [index, { length, topic }] of frames.entries()) {
        queue.put(bytes(`${index}`, length), topic ?? undefined);
        if (topic !== null) newest.set(topic, `${index}`);
        expect(queue.bytes).toBeLessThanOrEqual(4000);
      }
      const out = drain(queue);
      for (const wanted of newest.values()) expect(out).toContain(wanted);
    }),
  );
});
