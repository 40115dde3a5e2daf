// The queue in front of a serial line: what waits stays fresh and bounded, whoever sends how much.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SendQueue } from "../../../firmware/adapters/send-queue.ts";

/** 400 bytes may lie between two statuses, 2500 wait before they overtake everything, 4000 in all. */
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

const insert = (words: string[], at: number, word: string) => words.toSpliced(at, 0, word);

const rows: readonly [string, string[], string[], number][] = [
  ["frames leave in the order they came", ["a", "b", "c"], ["a", "b", "c"], 0],
  ["a status waits its turn", ["a", "status:1", "b"], ["a", "1", "b"], 0],
  ["and none is left out", ["status:1", "a", "status:2", "status:3"], ["1", "a", "2", "3"], 0],
  ["it overtakes what would part it too far", [...many(6), "status:1"], insert(many(6), 4, "1"), 0],
  ["from the last one", ["status:1", ...many(6), "status:2"], ["1", ...insert(many(6), 4, "2")], 0],
  [
    "another node's has its own spacing",
    ["of n1:1", ...many(5), "of n2:2"],
    ["1", ...insert(many(5), 3, "2")],
    0,
  ],
  ["in a long queue the newest is first", [...many(26), "status:1"], ["1", ...many(26)], 0],
  ["the older ones lose their place", [...many(26), "status:1", "status:2"], ["2", "1", ...many(26)], 0],
  ["but not another node's", [...many(26), "of n1:1", "of n2:2"], ["1", "2", ...many(26)], 0],
  ["what waits already is not put in again", ["a", "b", "a", "a"], ["a", "b"], 0],
  ["the oldest is dropped when too much waits", many(42), many(42).slice(2), 2],
  ["but no status", [...many(41), "status:1"], ["1", ...many(41).slice(2)], 2],
  ["unless there is a newer one", [...many(38), "status:1", "m", "status:2"], ["2", ...many(38), "m"], 1],
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
