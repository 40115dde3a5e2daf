// Where decisions are kept for people: in memory for the running daemon, and where they outlive it.

import type { Decision } from "../core/decision.ts";

export interface Journal {
  /** Never waits and never fails: what cannot be stored is told once and stays in memory. */
  record(decision: Decision): void;
  /** At most the last `count`, oldest first; those of earlier starts too, as far as they are kept. */
  last(count: number): readonly Decision[];
  /** Resolves when everything is stored, or after `patience` milliseconds; absent: a second. */
  close(patience?: number): Promise<void>;
}
