// What people may see of a node: one plain value, made from the state, that status prints and --json emits.

import type { ResourceGroupConfig } from "./config/cluster.ts";
import { heldAddresses, isStable } from "./heartbeat/report.ts";
import type { SplitBrains } from "./heartbeat/split-brain.ts";
import { type NodeState, partnerOf } from "./node.ts";
import { addressesOf } from "./resource/groups.ts";
import { isNone } from "./resource/sides.ts";
import type { Instant } from "./time.ts";

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

export interface PingNodeSnapshot {
  /** The address, or the name of the group. */
  readonly name: string;
  readonly members: readonly string[];
  /** heartbeat's words: unknown until heard, then ping; dead after deadping. */
  readonly status: "unknown" | "ping" | "dead";
  /** Milliseconds since the last answer; absent before the first. */
  readonly lastHeardAgo?: number;
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
  readonly pingNodes: readonly PingNodeSnapshot[];
  readonly groups: readonly GroupSnapshot[];
  readonly ignored: IgnoredFrames;
  /** How often both nodes were found to own the same groups since this process began, and the last time. */
  readonly splitBrains: Pick<SplitBrains, "count" | "last">;
}

const HERE = { wanted: ["acquiring", "held"], unwanted: ["released", "releasing"] } as const;

/** What can be seen of `state` at `now`. */
export function takeSnapshot(state: NodeState, now: Instant): Snapshot {
  const { self, setup, cluster, claim, handover } = state;
  const standingBy = self.phase === "running" && isNone(claim.sides) && handover === undefined;
  return {
    cluster: cluster.cluster,
    self: setup.self,
    generation: setup.generation,
    stable: isStable(state),
    phase: self.phase === "running" && standingBy ? "standby" : self.phase,
    members: cluster.nodes.map(({ name }) => memberSnapshot(state, name, now.monotonic)),
    pingNodes: pingNodeSnapshots(state, now.monotonic),
    groups: cluster.resources.map((group) => groupSnapshot(state, group)),
    ignored: state.ignored,
    splitBrains: {
      count: state.splitBrains.count,
      ...(state.splitBrains.last && { last: state.splitBrains.last }),
    },
  };
}

function memberSnapshot(state: NodeState, name: string, now: number): MemberSnapshot {
  const { setup, self } = state;
  const peer = state.peers.get(name);
  if (name === setup.self) return { name, self: true, status: self.status, links: [] };
  const seen = setup.media.map(({ id, link }): LinkSnapshot => {
    const { up = false, lastHeard } = peer?.links.get(id) ?? {};
    return { medium: id, link, up, ...(lastHeard !== undefined && { lastHeardAgo: now - lastHeard }) };
  });
  return { name, self: false, status: peer?.status ?? "unknown", links: seen };
}

function pingNodeSnapshots({ pingNodes }: NodeState, now: number): PingNodeSnapshot[] {
  return pingNodes.nodes.map(({ name, members, status, lastHeard }) => ({
    name,
    members,
    status,
    ...(lastHeard !== undefined && { lastHeardAgo: now - lastHeard }),
  }));
}

function groupSnapshot(state: NodeState, group: ResourceGroupConfig): GroupSnapshot {
  const { setup, claim, kernel } = state;
  const peer = partnerOf(state);
  const side = group.node;
  const addresses = addressesOf(group).map(({ address }) => address);
  const held = heldAddresses(state);
  const complete = addresses.every((address) => held.has(address));
  const present = kernel.addresses.some(({ address }) => addresses.includes(address));
  const theirs = peer?.view?.claim.has(side) ? peer.name : undefined;
  const owner = claim.sides.has(side) ? setup.self : theirs;
  return {
    preferred: group.node,
    addresses,
    ...(owner !== undefined && { owner }),
    here: claim.sides.has(side) ? HERE.wanted[complete ? 1 : 0] : HERE.unwanted[present ? 1 : 0],
  };
}
