// What a node must remember from one start to the next.

import type { Position } from "../core/heartbeat/inbox.ts";

export interface Store {
  /** Returns a generation greater than any it returned before, and stores it first. `wall` is seconds since 1970. */
  nextGeneration(wall: number): number;
  /** The node's heartbeat uuid, made on first use; 16 bytes. */
  uuid(): Uint8Array;
  /** What was remembered of the nodes named. */
  positions(nodes: readonly string[]): ReadonlyMap<string, Position>;
  /** Returns at once and writes behind; of several positions of a node the last one stays. A failure is told, not thrown. */
  remember(node: string, position: Position): void;
  forget(node: string): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** The part of it that a running node uses. */
export type Memory = Pick<Store, "remember" | "forget">;
