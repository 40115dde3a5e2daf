// Serial cables join two nodes each, so in a ring of them a node hears its farther neighbours only if the nearer ones
// send their frames on: over the other serial media, with the hop count (ttl) lowered and signed again. heartbeat did so
// up to its first releases and 3.0.6 no longer does; the field and hopfudge (ha.cf(5)) are what is left of it.
//
// What bounds it: a frame of one's own that comes round ends there, a control message ends at its addressee, a copy is
// sent on only if it came by no longer a way than the one before, and the hop count ends the rest.

import { nowOf, type Turn } from "../turn.ts";
import { encodeClassic } from "./frame.ts";
import type { Peer } from "./membership.ts";
import { isControl, type Message, type Trailer, text } from "./message.ts";

/** What was sent on of one peer, by message: when (monotonic ms), and with what hop count it had come. */
export type SentOn = ReadonlyMap<string, { readonly at: number; readonly ttl: number }>;

/** The same message by the same way is a retransmission if it comes so many ms later, and a copy before. */
const COPIES_WITHIN = 40;
/** Messages remembered for each peer: far more than are under way in a ring at a time. */
const REMEMBERED = 64;

/** Sends a genuine frame of `peer`, which came in on `medium`, round the ring, if that is needed; what to remember of it. */
export function sendOn(
  turn: Turn,
  peer: Peer,
  medium: string,
  message: Message,
  trailer: Trailer,
): Pick<Peer, "sentOn"> {
  const { sentOn } = peer;
  const { setup, peers, auth } = turn.state;
  const serial = setup.media.filter(({ kind }) => kind === "serial").map(({ id }) => id);
  const others = serial.filter((id) => id !== medium);
  const { ttl = 0 } = trailer;
  // In a pair there is nobody else to hear it.
  if (others.length === serial.length || others.length === 0 || peers.size < 2 || ttl <= 1) return { sentOn };
  if (isControl(message) && text(message, "dest") === setup.self) return { sentOn };
  const key = messageKey(message, trailer);
  const before = sentOn.get(key);
  if (before !== undefined && (ttl < before.ttl || nowOf(turn) - before.at < COPIES_WITHIN))
    return { sentOn };
  const bytes = encodeClassic(lowered(message, ttl - 1), auth);
  const topic = text(message, "t") === "status" ? { topic: `status ${peer.name}` } : {};
  turn.actions.push({ type: "send", media: others, bytes, ...topic });
  const recent = [...sentOn].filter(([each]) => each !== key).slice(-(REMEMBERED - 1));
  return { sentOn: new Map([...recent, [key, { at: nowOf(turn), ttl }]]) };
}

function messageKey(message: Message, { hg = 0, seq }: Trailer): string {
  if (seq !== undefined) return `${hg}:${seq}`;
  return message.fields.flatMap(({ name, value }) => (name === "ttl" ? [] : [`${name}=${value}`])).join("\n");
}

function lowered(message: Message, ttl: number): Message {
  const value = String(ttl);
  return { fields: message.fields.map((field) => (field.name === "ttl" ? { name: "ttl", value } : field)) };
}
