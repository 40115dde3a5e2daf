// Who may own what, as rules over two claims. Both nodes reach the same verdict from the same two claims, which is what
// ends a split brain.
//
// - A claim made because the peer died stands `alone` until a living peer agrees with it. Against a claim that is
//   not, it wins: its owner could not hear the other node, which therefore must not keep anything.
// - If both stand alone the partition cut both ways. With auto_failback the preferred node keeps its groups; without,
//   the node that had them before the partition, and the preferred node when neither had.

import type { ClusterConfig } from "../config/cluster.ts";
import { both, NONE, type Sides } from "../resource/sides.ts";

export interface Claim {
  /** What this node has decided to own. */
  readonly sides: Sides;
  /** What it owned already when it declared the peer dead. */
  readonly kept: Sides;
  /** See above. */
  readonly alone: boolean;
}

export const NO_CLAIM: Claim = { sides: NONE, kept: NONE, alone: false };

/**
 * Why a side in dispute goes to whom. alone: only one of the two had called the other dead. preferred, kept: see above.
 * unheard: the other one does not hear this node for a deadtime. heartbeat: a real node restarts when it was called dead.
 */
export type SplitBrainRule = "alone" | "preferred" | "kept" | "unheard" | "heartbeat";

type FailbackPolicy = ClusterConfig["heartbeat"]["autoFailback"];

/** The peer is gone: everything is this node's. */
export function claimAll(claim: Claim, all: Sides): Claim {
  return { sides: all, kept: claim.sides, alone: true };
}

/** A living peer agrees with what is claimed. */
export function settled(claim: Claim): Claim {
  return { sides: claim.sides, kept: NONE, alone: false };
}

/** What both claim. */
export function disputed(mine: Claim, peers: Claim): Sides {
  return both(mine.sides, peers.sides);
}

/** The disputed sides that this node, `self`, must give up. */
export function lost(mine: Claim, peers: Claim, self: string, policy: FailbackPolicy): Sides {
  const dispute = [...disputed(mine, peers)];
  return new Set(dispute.filter((side) => !keeps(side, mine, peers, side === self, policy)));
}

/** Which rule gives the side to whom `lost` leaves it. */
export function ruleOf(
  side: string,
  mine: Claim,
  peers: Claim,
  policy: FailbackPolicy,
): "alone" | "preferred" | "kept" {
  if (mine.alone !== peers.alone) return "alone";
  return policy === "off" && mine.kept.has(side) !== peers.kept.has(side) ? "kept" : "preferred";
}

function keeps(side: string, mine: Claim, peers: Claim, preferred: boolean, policy: FailbackPolicy): boolean {
  const rule = ruleOf(side, mine, peers, policy);
  if (rule === "alone") return mine.alone;
  return rule === "kept" ? mine.kept.has(side) : preferred;
}

/** For logs: heartbeat's words for what is in dispute. */
export function disputedWords(dispute: Sides, self: string): readonly ("our" | "foreign")[] {
  const words = [...dispute].map((side) => (side === self ? "our" : "foreign"));
  return (["our", "foreign"] as const).filter((word) => words.includes(word));
}
