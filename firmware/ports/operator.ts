// The operator's door: a unix socket on which one request line is answered by one answer line (JSON).

import type { Decision } from "../core/decision.ts";
import type { OperatorRequest } from "../core/event.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** As it comes in: the daemon itself reads the file that it is to reload. */
export type DoorRequest = Exclude<OperatorRequest, { command: "reload" }> | { readonly command: "reload" };

export interface OperatorAnswer {
  readonly error?: string;
  readonly snapshot: Snapshot;
  /** Answers `why`, oldest first. */
  readonly decisions?: readonly Decision[];
}

export interface OperatorDoor {
  /** `answer` must be called exactly once per request, possibly much later. */
  open(request: (request: DoorRequest, answer: (answer: OperatorAnswer) => void) => void): Promise<void>;
  close(): Promise<void>;
}
