// The hand-over of groups between two living nodes, as a value: who gives, who takes, how far it has come, and until
// when the next step must be seen. On the wire it is heartbeat's ask_resources handshake: `me` (relieve me), `other`
// (agreed), the giver releases, `done`, the taker acquires, `done`. The scope stays relative to the giver throughout.

import type { ResourceScope } from "../event.ts";

export interface Handover {
  readonly role: "giver" | "taker";
  /** Relative to the giver. */
  readonly scope: ResourceScope;
  /**
   * giver: asked (waits for `other`), releasing, given (waits for `done`).
   * taker: requested (hb_takeover sent, waits for `me`), awaiting (waits for `done`), acquiring.
   */
  readonly stage: "asked" | "releasing" | "given" | "requested" | "awaiting" | "acquiring";
  readonly cause: "failback" | "failure" | "operator" | "peer" | "ipfail";
  /** The operator request to answer at the end. */
  readonly operator?: number;
  /** The number of the first message sent in this stage: a peer that has heard it and is not at it has given it up. */
  readonly sinceSequence: number;
  /** Without progress until then the hand-over has failed; monotonic ms. */
  readonly deadline: number;
}

/** For the answer to a question, ms (heartbeat's own bound). */
export const ANSWER_WITHIN = 10_000;
/** A pulsebox shows with every status that it is still at it; a real node is silent while scripts run, up to an hour. */
const PROGRESS_WITHIN = { pulsebox: 10_000, heartbeat: 3_600_000, unknown: 3_600_000 } as const;

export function proceeding(
  handover: Handover,
  stage: Handover["stage"],
  peerKind: keyof typeof PROGRESS_WITHIN,
  now: number,
): Handover {
  return { ...handover, stage, deadline: now + PROGRESS_WITHIN[peerKind] };
}

/** The peer shows that it is still busy with it: the patience for what is under way starts anew. */
export function alive(handover: Handover, now: number): Handover {
  if (handover.stage === "asked" || handover.stage === "requested") return handover;
  return { ...handover, deadline: now + PROGRESS_WITHIN.pulsebox };
}
