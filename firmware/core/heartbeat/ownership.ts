// Who may own what, as rules over two claims. Each claim is relative to its own node (sides.ts); both nodes reach the
// same verdict from the same two claims, which is what ends a split brain.
//
// - A claim made because the peer died stands `alone` until a living peer agrees with it. Against a claim that is
//   not, it wins: its owner could not hear the other node, which therefore must not keep anything.
// - If both stand alone the partition cut both ways. With auto_failback the preferred node keeps its groups; without,
//   the node that had them before the partition, and the preferred node when neither had.

import type { ClusterConfig } from "../config/cluster.ts";
import { ALL, both, isNone, mirrored, NONE, SIDES, type Side, type Sides } from "../resource/sides.ts";

export interface Claim {
  /** What this node has decided to own. */
  readonly sides: Sides;
  /** What it owned already when it declared the peer dead. */
  readonly kept: Sides;
  /** See above. */
  readonly alone: boolean;
}

export const NO_CLAIM: Claim = { sides: NONE, kept: NONE, alone: false };

type FailbackPolicy = ClusterConfig["heartbeat"]["autoFailback"];

/** The peer is gone: everything is this node's. */
export function claimAll(claim: Claim): Claim {
  return { sides: ALL, kept: claim.sides, alone: true };
}

/** A living peer agrees with what is claimed. */
export function settled(claim: Claim): Claim {
  return { sides: claim.sides, kept: NONE, alone: false };
}

/** What both claim, relative to `mine`. */
export function disputed(mine: Claim, peers: Claim): Sides {
  return both(mine.sides, mirrored(peers.sides));
}

/** The disputed sides that this node must give up, relative to it. */
export function lost(mine: Claim, peers: Claim, policy: FailbackPolicy): Sides {
  const dispute = disputed(mine, peers);
  if (isNone(dispute)) return NONE;
  const loses = (side: Side): boolean => dispute[side] && !keeps(side, mine, peers, policy);
  return { local: loses("local"), foreign: loses("foreign") };
}

function keeps(side: Side, mine: Claim, peers: Claim, policy: FailbackPolicy): boolean {
  if (mine.alone !== peers.alone) return mine.alone;
  const preferred = side === "local";
  if (policy !== "off") return preferred;
  const keptHere = mine.kept[side];
  const keptThere = mirrored(peers.kept)[side];
  return keptHere === keptThere ? preferred : keptHere;
}

/** For logs: heartbeat's word for a side in dispute. */
export function disputedWords(dispute: Sides): readonly ("our" | "foreign")[] {
  return SIDES.filter((side) => dispute[side]).map((side) => (side === "local" ? "our" : "foreign"));
}
