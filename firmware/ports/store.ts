// What a node must remember from one start to the next.

export interface Store {
  /** Returns a generation greater than any it returned before, and stores it first. `wall` is seconds since 1970. */
  nextGeneration(wall: number): number;
  /** The node's heartbeat uuid, made on first use; 16 bytes. */
  uuid(): Uint8Array;
}
