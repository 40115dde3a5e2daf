// The sending half of heartbeat 3.0.6's reliable channel: one numbering for everything a node sends, addressed or not,
// and a history from which peers get what they missed. Control messages (NS_*) are not numbered. Acks only tell the
// real node how much of its history is still wanted; here the history has a fixed length, so they need no state.

import type { Addressed, MessageBody } from "./body.ts";
import { isControl, type Message, type Trailer, withTrailer } from "./message.ts";

/** Messages kept for retransmission, as in the real node. */
export const HISTORY = 500;
/** A message (or a refusal) is not repeated within this many milliseconds, whoever asks. */
const REPEAT_AFTER = 240;
/** The most that one request gets, messages and refusals together; ours to all requests within REPEAT_AFTER. */
export const MOST_PER_REQUEST = 50;

interface Sent {
  readonly sequence: number;
  readonly message: Message;
  /** When it was last sent again; monotonic milliseconds. */
  readonly resentAt?: number;
}

export interface Outbox {
  /** heartbeat's hg. */
  readonly generation: number;
  /** The number of the next message; the first is 1. */
  readonly next: number;
  /** Consecutive numbers, oldest first, ending before `next`. */
  readonly history: readonly Sent[];
  /** When the last refusals went out; monotonic milliseconds. */
  readonly refusedAt?: number;
  /** What requests have caused since `since`, in monotonic milliseconds. */
  readonly burst: { readonly since: number; readonly count: number };
}

/** The part of the trailer that the node supplies; the outbox adds seq and hg. */
export type Stamp = Omit<Trailer, "seq" | "hg">;

export function createOutbox(generation: number): Outbox {
  return { generation, next: 1, history: [], burst: { since: Number.NEGATIVE_INFINITY, count: 0 } };
}

/** Gives `message` its trailer and, unless it is a control message, its number and a place in the history. */
export function number(outbox: Outbox, message: Message, stamp: Stamp): readonly [Outbox, Message] {
  const { generation: hg, next: seq } = outbox;
  if (isControl(message)) {
    const { ld: _, ...rest } = stamp;
    return [outbox, withTrailer(message, { ...rest, hg })];
  }
  const numbered = withTrailer(message, { ...stamp, seq, hg });
  const history = [...outbox.history.slice(-(HISTORY - 1)), { sequence: seq, message: numbered }];
  return [{ ...outbox, next: seq + 1, history }, numbered];
}

export interface Retransmission {
  readonly outbox: Outbox;
  /** Numbered messages to send again as they are. */
  readonly resends: readonly Message[];
  /** Refusals (NS_nak_rexmit) of what the history no longer holds; to be composed and sent. */
  readonly replies: readonly MessageBody[];
}

/**
 * Answers a NS_rexmit of `peer` for the numbers `first` to `last`, oldest first. Requests carry no number, so anybody can
 * replay them: all that a flood of them can cause is 50 messages in 240 ms.
 */
export function onRexmitRequest(
  outbox: Outbox,
  peer: Addressed,
  first: number,
  last: number,
  now: number,
): Retransmission {
  const burst = mayRepeat(outbox.burst.since, now) ? { since: now, count: 0 } : outbox.burst;
  let left = MOST_PER_REQUEST - burst.count;
  const gone = Math.min(last, outbox.next - outbox.history.length - 1, first + left - 1);
  const replies = mayRepeat(outbox.refusedAt, now) ? refusals(peer, first, gone) : [];
  left -= replies.length;
  const resends: Message[] = [];
  const history = outbox.history.map((sent): Sent => {
    const asked = sent.sequence >= first && sent.sequence <= last;
    if (!asked || left === 0 || !mayRepeat(sent.resentAt, now)) return sent;
    left -= 1;
    resends.push(sent.message);
    return { ...sent, resentAt: now };
  });
  const next: Outbox = {
    ...outbox,
    history,
    burst: { ...burst, count: MOST_PER_REQUEST - left },
    ...(replies.length > 0 && { refusedAt: now }),
  };
  return { outbox: next, resends, replies };
}

/** One refusal per number, as the real node reads them. */
function refusals(peer: Addressed, first: number, last: number): MessageBody[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
    type: "NS_nak_rexmit",
    ...peer,
    sequence: first + index,
  }));
}

function mayRepeat(before: number | undefined, now: number): boolean {
  return before === undefined || now - before >= REPEAT_AFTER;
}
