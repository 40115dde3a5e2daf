// The sending half of heartbeat 3.0.6's reliable channel: one numbering for everything a node sends, addressed or not,
// and a history from which peers get what they missed. Control messages (NS_*) are not numbered. Acks only tell the
// real node how much of its history is still wanted; here the history has a fixed length, so they need no state.

import type { MessageBody } from "./body.ts";
import { isControl, type Message, type Trailer, withTrailer } from "./message.ts";

/** Messages kept for retransmission, as in the real node. */
export const HISTORY = 500;
/** A message (or a refusal) is not repeated within this many milliseconds, whoever asks. */
const REPEAT_AFTER = 240;
/** Messages sent, or refusals, for one request. */
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
}

/** The part of the trailer that the node supplies; the outbox adds seq and hg. */
export type Stamp = Omit<Trailer, "seq" | "hg">;

export function createOutbox(generation: number): Outbox {
  return { generation, next: 1, history: [] };
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
 * Answers a NS_rexmit of `peer` for the numbers `first` to `last`, oldest first. Control messages can be replayed, so
 * this is all that a flood of recorded requests can cause: each message of the history once in 240 ms.
 */
export function onRexmitRequest(
  outbox: Outbox,
  peer: { readonly dest: string; readonly destuuid?: Uint8Array },
  first: number,
  last: number,
  now: number,
): Retransmission {
  const lowest = outbox.next - outbox.history.length;
  const replies = mayRepeat(outbox.refusedAt, now) ? refusals(peer, first, Math.min(last, lowest - 1)) : [];
  const resends: Message[] = [];
  const history = outbox.history.map((sent): Sent => {
    const asked = sent.sequence >= first && sent.sequence <= last;
    if (!asked || replies.length + resends.length >= MOST_PER_REQUEST || !mayRepeat(sent.resentAt, now)) {
      return sent;
    }
    resends.push(sent.message);
    return { ...sent, resentAt: now };
  });
  const refused = replies.length > 0 ? { refusedAt: now } : {};
  return { outbox: { ...outbox, history, ...refused }, resends, replies };
}

/** One refusal per number, as the real node reads them. */
function refusals(peer: { readonly dest: string }, first: number, last: number): MessageBody[] {
  const count = Math.min(MOST_PER_REQUEST, Math.max(0, last - first + 1));
  return Array.from({ length: count }, (_, index) => ({
    type: "NS_nak_rexmit",
    ...peer,
    sequence: first + index,
  }));
}

function mayRepeat(before: number | undefined, now: number): boolean {
  return before === undefined || now - before >= REPEAT_AFTER;
}
