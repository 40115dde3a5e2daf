// What this node knew of another one at the moment of a decision: when it was last heard and over which links, how long its
// silence may last, and what it last said that it owns.

import type { Peer, PeerStatus } from "./heartbeat/membership.ts";
import type { NodeState } from "./node.ts";

export interface LinkEvidence {
  /** "bcast eth1" */
  readonly medium: string;
  readonly up: boolean;
  /** Milliseconds since the last valid frame; absent before the first. */
  readonly silent?: number;
}

export interface Evidence {
  readonly node: string;
  readonly status: PeerStatus;
  /** Milliseconds since silence is counted; `heard` tells whether a message began it. */
  readonly silent: number;
  readonly heard: boolean;
  /** Milliseconds of silence after which it is dead; absent while nothing is awaited. */
  readonly patience?: number;
  /** The newest message of it. */
  readonly last?: { readonly generation: number; readonly sequence: number };
  readonly links: readonly LinkEvidence[];
  /** What it last said of itself: the nodes whose groups it claims, and those of whose groups it has anything. */
  readonly view?: {
    readonly claim: readonly string[];
    readonly has: readonly string[];
    readonly alone: boolean;
    readonly stable: boolean;
    readonly handover: string;
  };
}

/** `now` in monotonic milliseconds. */
export function evidenceOf({ setup }: NodeState, peer: Peer, now: number): Evidence {
  const { view, links, lastHeard, silentFrom, patience, inbox } = peer;
  return {
    node: peer.name,
    status: peer.status,
    silent: now - (lastHeard ?? silentFrom),
    heard: lastHeard !== undefined,
    ...(Number.isFinite(patience) && { patience }),
    ...(inbox.position && { last: inbox.position }),
    links: setup.media.map(({ id }): LinkEvidence => {
      const { up = false, lastHeard: heardAt } = links.get(id) ?? {};
      return { medium: id, up, ...(heardAt !== undefined && { silent: now - heardAt }) };
    }),
    ...(view && {
      view: {
        claim: [...view.claim],
        has: [...view.has],
        alone: view.alone,
        stable: view.stable,
        handover: view.handover,
      },
    }),
  };
}
