// What people may see of a node: one plain value, made from the state, that status prints and --json emits.

export interface LinkSnapshot {
  readonly medium: string;
  readonly link: string;
  readonly up: boolean;
  /** Milliseconds since the last valid frame of the peer on this medium; absent before the first. */
  readonly lastHeardAgo?: number;
}

export interface MemberSnapshot {
  readonly name: string;
  readonly self: boolean;
  /** heartbeat's words: unknown until heard, then init, up, active; dead after deadtime. */
  readonly status: "unknown" | "init" | "up" | "active" | "dead";
  readonly links: readonly LinkSnapshot[];
}

export interface GroupSnapshot {
  readonly preferred: string;
  readonly addresses: readonly string[];
  /** The node that owns the group as far as this node knows. */
  readonly owner?: string;
  /** This node's own part in it. */
  readonly here: "released" | "acquiring" | "held" | "releasing";
}

/** Frames that were ignored, by reason. */
export interface IgnoredFrames {
  readonly malformed: number;
  readonly unauthenticated: number;
  readonly replayed: number;
  readonly foreignNode: number;
}

export interface Snapshot {
  readonly cluster: string;
  readonly self: string;
  readonly generation: number;
  /** True when ownership is settled with the peer (heartbeat's isstable). */
  readonly stable: boolean;
  readonly phase: "starting" | "running" | "standby" | "stopping" | "stopped";
  readonly members: readonly MemberSnapshot[];
  readonly groups: readonly GroupSnapshot[];
  readonly ignored: IgnoredFrames;
}
