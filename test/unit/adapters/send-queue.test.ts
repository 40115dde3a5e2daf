// The queue in front of a serial line: what waits stays fresh and bounded, whoever sends how much.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SendQueue } from "../../../firmware/adapters/send-queue.ts";

/** 1000 bytes a second: 250 may wait before frames with a topic overtake, 4000 in all. */
const line = 1000;
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
  const queue = new SendQueue(line);
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
  ["a status waits its turn behind little", ["a", "status:1", "b"], ["a", "1", "b"], 0],
  ["a newer status replaces the older one", ["status:1", "status:2", "status:3"], ["3"], 0],
  ["statuses of two nodes are two", ["of n1:1", "of n2:1", "of n1:2"], ["1", "2"], 0],
  ["a status overtakes what would hold it up", ["a", "b", "c", "status:1"], ["1", "a", "b", "c"], 0],
  [
    "and not another node's that is in front",
    ["a", "b", "c", "of n1:1", "of n2:2"],
    ["1", "2", "a", "b", "c"],
    0,
  ],
  ["the oldest is dropped when too much waits", many(42), many(42).slice(2), 2],
  ["a status is not", ["status:1", ...many(41)], ["1", ...many(41).slice(2)], 2],
];

test.each(rows)("%s", (_, words, expected, dropped) => {
  const put = queued(...words);
  expect(drain(put.queue)).toEqual(expected);
  expect(put.dropped).toBe(dropped);
  expect(put.queue.bytes).toBe(0);
});

test("a frame longer than all that may wait is sent alone", () => {
  const queue = new SendQueue(line);
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
      const queue = new SendQueue(line);
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
