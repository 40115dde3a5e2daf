// A peer as this node knows it: heartbeat's states unknown, init, up, active and dead, moved by what is heard and by
// silence. A peer says itself how long its silence may last (dt); until it was heard for the first time, initdead
// counts. Everything here is a pure function of one value.

import type { MediumSetup } from "../event.ts";
import type { Sides } from "../resource/sides.ts";
import type { MemberSnapshot } from "../snapshot.ts";
import { createInbox, type Inbox, type Position } from "./inbox.ts";
import { createLinks, type Links } from "./links.ts";
import type { Reach } from "./reach.ts";
import type { SentOn } from "./ring.ts";
import type { NodeView } from "./view.ts";

export type PeerStatus = MemberSnapshot["status"];

export interface Peer {
  readonly name: string;
  readonly status: PeerStatus;
  readonly inbox: Inbox;
  readonly links: Links;
  /** The position of its numbering that was last given away to be kept, and when; monotonic ms. */
  readonly kept?: Position & { readonly at: number };
  /** Its frames that this node has sent on over serial media. */
  readonly sentOn: SentOn;
  /** The peer's own deadtime in ms; ours until it has told. */
  readonly deadtime: number;
  /** Silence is counted from here, monotonic ms: the last new message, or when the waiting began. */
  readonly silentFrom: number;
  /** After so many ms of silence the peer is dead: initdead at first, then `deadtime`. */
  readonly patience: number;
  readonly lastHeard?: number;
  /** When its present generation was first heard: copies overtaken on other media just then look like replays. */
  readonly metAt?: number;
  /** Which software it runs; a pulsebox shows itself in its first status. */
  readonly kind: "unknown" | "pulsebox" | "heartbeat";
  /** What it last said of itself; of a real heartbeat node, what its resource messages say. */
  readonly view?: NodeView;
  /** The numbers of the messages from which `status` and `view` come: older ones are history. */
  readonly statusSequence: number;
  readonly resourceSequence: number;
  /** It has announced its orderly end. */
  readonly leaving: boolean;
  /** Its orderly end is complete: nothing of that generation counts any more. */
  readonly departed: boolean;
  /** It has come back and is to be offered its own groups (auto_failback). */
  readonly failbackDue: boolean;
  /** What it last said of its ping nodes. */
  readonly reach?: Reach;
  /** Since when it claims what this node claims while it does not hear this node; monotonic ms. */
  readonly unheardSince?: number;
  /** It was called dead, and now lives or has restarted; in a cluster of three or more that ends orders about its side. */
  readonly returned: boolean;
  /** What it said that it owned when it was called dead. */
  readonly held?: Sides;
  /** Called dead and not settled with since: what this node owned then, and the first message sent afterwards. */
  readonly estranged?: { readonly kept: Sides; readonly since: number };
}

export function createPeer(name: string, deadtime: number, media: readonly MediumSetup[]): Peer {
  return {
    name,
    status: "unknown",
    inbox: createInbox({ peer: name, duplicateWindow: deadtime, draw: 0 }),
    links: createLinks(media),
    sentOn: new Map(),
    deadtime,
    silentFrom: 0,
    patience: Number.POSITIVE_INFINITY,
    kind: "unknown",
    statusSequence: 0,
    resourceSequence: 0,
    leaving: false,
    departed: false,
    failbackDue: false,
    returned: false,
  };
}

/** Dead or never there: nobody who could hold anything. */
export function isGone(peer: Peer | undefined): boolean {
  return peer === undefined || peer.status === "dead";
}

export function isAlive(peer: Peer | undefined): peer is Peer {
  return peer !== undefined && peer.status !== "dead" && peer.status !== "unknown";
}

/** The moment of its death if it stays silent; undefined when it is dead already. */
export function deathAt(peer: Peer, graceUntil: number): number | undefined {
  if (peer.status === "dead") return undefined;
  return Math.max(peer.silentFrom + peer.patience, graceUntil);
}

/** Starts waiting for the first message; `patience` in ms. */
export function awaited(peer: Peer, now: number, patience: number): Peer {
  return { ...peer, silentFrom: now, patience };
}

/** A new message came: a sign of life. The status of a peer that was dead or unknown becomes `up` until it tells. */
export function heard(peer: Peer, now: number): Peer {
  const returned = peer.status === "dead";
  return {
    ...peer,
    lastHeard: now,
    silentFrom: now,
    patience: peer.deadtime,
    ...(!isAlive(peer) && { status: "up", failbackDue: true, leaving: false, returned }),
  };
}

export function died(peer: Peer): Peer {
  const { view, reach: _, ...rest } = peer;
  return { ...rest, status: "dead", leaving: false, failbackDue: false, ...(view && { held: view.claim }) };
}

/** A higher generation: whatever the earlier one held or said ended with it. */
export function restarted(peer: Peer): Peer {
  const { view: _, lastHeard: __, held: ____, reach: ___, ...rest } = peer;
  return {
    ...rest,
    status: "up",
    kind: "unknown",
    statusSequence: 0,
    resourceSequence: 0,
    leaving: false,
    departed: false,
    failbackDue: true,
    returned: true,
  };
}

/** Nothing known of it is certain any more: this node itself was away. It has `patience` ms to show itself. */
export function doubted(peer: Peer, now: number, patience: number): Peer {
  const { view: _, reach: __, estranged: ___, ...rest } = peer;
  return { ...rest, status: "unknown", silentFrom: now, patience, leaving: false };
}
