// Both halves of the channel together, over media that lose, copy, delay and reorder at random: in the end every
// message has been delivered exactly once, and no hole is left.

import fc from "fast-check";
import { expect, test } from "vitest";
import { classify } from "../../../firmware/core/heartbeat/classify.ts";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { createInbox, receive, tick, wake } from "../../../firmware/core/heartbeat/inbox.ts";
import type { Message } from "../../../firmware/core/heartbeat/message.ts";
import { createOutbox, number, onRexmitRequest } from "../../../firmware/core/heartbeat/outbox.ts";

const KEEPALIVE = 100;
const status = compose({ type: "status", status: "active", deadtime: 1000, protocol: 1 });

/** What the medium does with each transmission in turn, in either direction. */
interface Fate {
  readonly copies: number;
  readonly delay: number;
}

const FATE: fc.Arbitrary<Fate> = fc.record({
  copies: fc.constantFrom(0, 0, 1, 1, 2, 3),
  delay: fc.integer({ min: 0, max: 350 }),
});

function converge(fates: readonly Fate[], draws: readonly number[], sent: number) {
  let outbox = createOutbox(2);
  // The receiver knows an earlier life of the sender, so that also the very first messages count as lost.
  const before = createInbox({ peer: "n1", duplicateWindow: 1000, draw: draws[0] ?? 0 });
  let inbox = receive(before, { src: "n1", seq: 9, hg: 1, ts: 0 }, -1000, 0).inbox;
  const delivered: number[] = [];
  let flights: { readonly at: number; readonly message: Message }[] = [];
  let transmissions = 0;
  let requests = 0;
  const transmit = (message: Message, now: number) => {
    // Once the sequence of fates is used up, the media are sound.
    const { copies, delay } = fates[transmissions++] ?? { copies: 1, delay: 0 };
    for (let copy = 0; copy < copies; copy++) flights.push({ at: now + delay * (copy + 1), message });
  };
  const arrive = (message: Message, now: number) => {
    const known = classify(message);
    if (known.type === "NS_rexmit") {
      const answer = onRexmitRequest(outbox, { dest: "n2" }, known.first, known.last, now);
      outbox = answer.outbox;
      for (const resend of answer.resends) transmit(resend, now);
    } else if (known.type === "status") {
      const heard = receive(inbox, known.trailer, now, draws[transmissions % draws.length] ?? 0);
      inbox = heard.inbox;
      if (heard.verdict === "deliver" || heard.verdict === "restarted")
        delivered.push(known.trailer.seq ?? 0);
    }
  };
  for (let now = 0; now < 60_000; now += 10) {
    // One more status after the others shows the last of them missing; all later ones are the keepalive going on.
    if (now % KEEPALIVE === 0) {
      const [next, message] = number(outbox, status, { src: "n1", ts: 1 });
      outbox = next;
      transmit(message, now);
    }
    const due = flights.filter(({ at }) => at <= now);
    flights = flights.filter(({ at }) => at > now);
    for (const { message } of due) arrive(message, now);
    if ((wake(inbox) ?? now + 1) <= now) {
      const asked = tick(inbox, now);
      inbox = asked.inbox;
      requests += asked.replies.length;
      for (const reply of asked.replies) {
        const [, message] = number(createOutbox(1), compose(reply), { src: "n2", ts: 1 });
        transmit(message, now);
      }
    }
    const quiet = outbox.next > sent && transmissions > fates.length && inbox.missing.size === 0;
    if (quiet && flights.length === 0) break;
  }
  return { delivered, last: outbox.next - 1, missing: inbox.missing.size, requests };
}

test("every message is delivered exactly once, whatever the media lose, copy or reorder", () => {
  fc.assert(
    fc.property(
      fc.array(FATE, { maxLength: 150 }),
      fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 10 }),
      (fates, draws) => {
        const { delivered, last, missing } = converge(fates, draws, 40);
        expect(missing).toBe(0);
        expect([...delivered].sort((a, b) => a - b)).toEqual(Array.from({ length: last }, (_, n) => n + 1));
      },
    ),
    { numRuns: 300 },
  );
});

test("sound media need no request", () => {
  expect(converge([], [1], 40)).toMatchObject({ requests: 0, missing: 0 });
});

test("a medium that loses every second transmission needs some", () => {
  const fates = Array.from({ length: 40 }, (_, n) => ({ copies: n % 2, delay: 0 }));
  expect(converge(fates, [1], 40).requests).toBeGreaterThan(0);
});
