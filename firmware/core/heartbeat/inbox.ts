// The receiving half of heartbeat 3.0.6's reliable channel, one per peer: what is new, what is a copy, what is missing.
// Messages are delivered as they come, never held back for an older one: a status must not wait for a retransmission.
// What fills a hole afterwards is delivered as `late`; a late resource or status message is history, not news.
// Only an advancing number is evidence of a living node, so that recorded frames cannot keep a dead one alive.

import { earliest } from "../time.ts";
import { addressed, type MessageBody } from "./body.ts";
import type { Trailer } from "./message.ts";
import { HISTORY, MOST_PER_REQUEST } from "./outbox.ts";

/** A wider gap is not asked for; the numbering starts anew behind it. Also the most holes kept. */
const WIDEST_GAP = 250;
/** A hole is asked for after 50 to 250 ms, at random so that not every node asks at once, and then every 250 ms. */
const FIRST_REQUEST = 50;
const REQUEST_SPREAD = 201;
const REQUEST_AGAIN = 250;
/** A serial line may carry a message so many ms after another medium has, if others waited for it before. */
const SERIAL_DELAY = 5000;
/** A badly torn numbering must not fill a slow serial line with requests: so many at once, more 50 ms later. */
const REQUESTS_AT_ONCE = 8;
const REQUEST_PACE = 50;
/** One ack for each so many messages, at a point of its own for each node. */
const ACK_EVERY = 10;

/** How far a peer's numbering has come: worth storing, see `receive`. */
export interface Position {
  readonly generation: number;
  readonly sequence: number;
}

interface Hole {
  /** When it was noticed, and when to ask next; monotonic milliseconds. */
  readonly since: number;
  readonly askAt: number;
}

export interface Inbox {
  readonly peer: string;
  readonly uuid?: Uint8Array;
  /** A copy within so many milliseconds of the first is a duplicate, later a replay. */
  readonly duplicateWindow: number;
  readonly ackTrigger: number;
  /** The highest number heard; absent before the first, unless a stored position was given. */
  readonly position?: Position;
  /** False until something was heard in this life of ours: what came before is not asked for. */
  readonly heard: boolean;
  readonly missing: ReadonlyMap<number, Hole>;
  /** No requests before; monotonic milliseconds. */
  readonly pausedUntil: number;
  /** First arrival of recent numbers, oldest first; monotonic milliseconds. */
  readonly arrivals: ReadonlyMap<number, number>;
}

/**
 * deliver: act on it. restarted: act on it, the peer has a new generation. duplicate: a second copy, the normal case with
 * several media. replayed: too old for that; drop and count.
 */
export type Verdict = "deliver" | "restarted" | "duplicate" | "replayed";

export interface Reception {
  readonly inbox: Inbox;
  readonly verdict: Verdict;
  /** True when a newer message was delivered before this one. */
  readonly late: boolean;
  /** What this frame is evidence of: a living peer and the link it came over, that link alone, or nothing. */
  readonly evidence: "node" | "link" | "nothing";
  /** To be composed, numbered and sent. */
  readonly replies: readonly MessageBody[];
}

export interface InboxOptions {
  readonly peer: string;
  /** Milliseconds; see `duplicateWindow`. */
  readonly duplicateWindow: number;
  /** Unsigned 32-bit random number. */
  readonly draw: number;
  /** Where the peer's numbering was when this node last knew. */
  readonly position?: Position;
}

/** The deadtime fits, because a link whose copies come later than that is dead anyway; a serial line recovers from that. */
export function duplicateWindow(deadtime: number, media: readonly { readonly kind: string }[]): number {
  return media.some(({ kind }) => kind === "serial") ? Math.max(deadtime, SERIAL_DELAY) : deadtime;
}

export function createInbox({ peer, duplicateWindow, draw, position }: InboxOptions): Inbox {
  return {
    peer,
    duplicateWindow,
    ackTrigger: draw % ACK_EVERY,
    ...(position && { position }),
    heard: false,
    missing: new Map(),
    pausedUntil: Number.NEGATIVE_INFINITY,
    arrivals: new Map(),
  };
}

/**
 * Judges a message of the peer by its trailer. `now` is monotonic milliseconds, `draw` an unsigned 32-bit random number.
 *
 * Each recorded frame can count as hearing the node at most once, and never after a later one was heard. Three limits
 * remain, because the wire has no challenge and ts is a clock that may step:
 * - A process that has just started knows the numbers only as far as they were kept (positions.ts): what a peer said after
 *   that, and before it died, can be played back to it once.
 * - Whoever can hold frames back on all media can deliver them later, in order.
 * - Control messages carry no number; they count as hearing nothing, whatever they say.
 */
export function receive(inbox: Inbox, trailer: Trailer, now: number, draw: number): Reception {
  const { seq, hg } = trailer;
  const generation = inbox.position?.generation ?? 0;
  if (hg === undefined || hg < generation) return withoutEvidence(inbox, "replayed");
  if (seq === undefined) return withoutEvidence(inbox, "deliver");
  const sender = trailer.srcuuid === undefined ? inbox : { ...inbox, uuid: trailer.srcuuid };
  const next = { generation: hg, sequence: seq };
  if (inbox.position === undefined || hg > generation) {
    // A peer that restarted under our eyes is asked for its first words; one that we meet in mid-speech is not.
    const fresh: Inbox = {
      ...sender,
      position: { generation: hg, sequence: 0 },
      missing: new Map(),
      arrivals: new Map(),
    };
    const verdict = inbox.position === undefined ? "deliver" : "restarted";
    return advance(fresh, next, verdict, now, draw);
  }
  if (seq > inbox.position.sequence) return advance(sender, next, "deliver", now, draw);
  return fillOrCopy(inbox, seq, now);
}

function advance(inbox: Inbox, next: Position, verdict: Verdict, now: number, draw: number): Reception {
  const before = inbox.position?.sequence ?? 0;
  const gap = next.sequence - before - 1;
  const missing = new Map<number, Hole>();
  if (inbox.heard && gap <= WIDEST_GAP) {
    for (const [sequence, hole] of inbox.missing) {
      // The sender's history no longer holds what is older.
      if (sequence > next.sequence - HISTORY) missing.set(sequence, hole);
    }
    const askAt = now + FIRST_REQUEST + (draw % REQUEST_SPREAD);
    for (let sequence = before + 1; sequence < next.sequence; sequence++) {
      missing.set(sequence, { since: now, askAt });
    }
    for (const sequence of missing.keys()) {
      if (missing.size <= WIDEST_GAP) break;
      missing.delete(sequence);
    }
  }
  const advanced = arrived({ ...inbox, position: next, heard: true, missing }, next.sequence, now);
  return { inbox: advanced, verdict, late: false, evidence: "node", replies: acks(advanced, next.sequence) };
}

function fillOrCopy(inbox: Inbox, sequence: number, now: number): Reception {
  const hole = inbox.missing.get(sequence);
  if (hole === undefined) {
    const first = inbox.arrivals.get(sequence);
    if (first === undefined || now - first > inbox.duplicateWindow) return withoutEvidence(inbox, "replayed");
    return { ...withoutEvidence(inbox, "duplicate"), evidence: "link" };
  }
  const missing = new Map(inbox.missing);
  missing.delete(sequence);
  const filled = arrived({ ...inbox, missing }, sequence, now);
  // Newer messages were heard before; that this one comes at all may be the work of whoever held it back.
  const evidence = now - hole.since <= inbox.duplicateWindow ? "link" : "nothing";
  return { inbox: filled, verdict: "deliver", late: true, evidence, replies: acks(filled, sequence) };
}

function withoutEvidence(inbox: Inbox, verdict: Verdict): Reception {
  return { inbox, verdict, late: false, evidence: "nothing", replies: [] };
}

function arrived(inbox: Inbox, sequence: number, now: number): Inbox {
  const recent = [...inbox.arrivals].filter(([, at]) => now - at <= inbox.duplicateWindow);
  return { ...inbox, arrivals: new Map([...recent.slice(-(HISTORY - 1)), [sequence, now]]) };
}

/** An ack says that everything up to its number has arrived, so it waits for older holes. */
function acks(inbox: Inbox, sequence: number): readonly MessageBody[] {
  if (sequence % ACK_EVERY !== inbox.ackTrigger) return [];
  for (const missing of inbox.missing.keys()) if (missing < sequence) return [];
  return [{ type: "NS_ackmsg", ...addressed(inbox.peer, inbox.uuid), sequence }];
}

/** The peer no longer has `sequence`, and so nothing older: these holes stay. `trailer` is that of the refusal. */
export function onRefusal(inbox: Inbox, trailer: Trailer, sequence: number): Inbox {
  if (trailer.hg !== inbox.position?.generation) return inbox;
  return { ...inbox, missing: new Map([...inbox.missing].filter(([missing]) => missing > sequence)) };
}

/** When `tick` is next due, in monotonic milliseconds; undefined when nothing is missing. */
export function wake(inbox: Inbox): number | undefined {
  const soonest = earliest([...inbox.missing.values()].map(({ askAt }) => askAt));
  return soonest === undefined ? undefined : Math.max(soonest, inbox.pausedUntil);
}

/** Asks again for what is due: neighbours in one request. */
export function tick(inbox: Inbox, now: number): { inbox: Inbox; replies: readonly MessageBody[] } {
  const due = [...inbox.missing].filter(([, { askAt }]) => askAt <= now);
  if (due.length === 0 || now < inbox.pausedUntil) return { inbox, replies: [] };
  // Those that waited longest come first, so that each has its turn.
  due.sort(([a, holeA], [b, holeB]) => holeA.askAt - holeB.askAt || a - b);
  const missing = new Map(inbox.missing);
  const ranges: { first: number; last: number }[] = [];
  for (const [sequence, { since }] of due) {
    const range = ranges.at(-1);
    if (range && sequence === range.last + 1 && sequence - range.first < MOST_PER_REQUEST)
      range.last = sequence;
    else if (ranges.length < REQUESTS_AT_ONCE) ranges.push({ first: sequence, last: sequence });
    else break;
    missing.set(sequence, { since, askAt: now + REQUEST_AGAIN });
  }
  const to = addressed(inbox.peer, inbox.uuid);
  return {
    inbox: { ...inbox, missing, pausedUntil: now + REQUEST_PACE },
    replies: ranges.map((range) => ({ type: "NS_rexmit", ...to, ...range })),
  };
}
