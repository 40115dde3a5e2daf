// What people may see of a node: one plain value, made from the state, that status prints and --json emits.

import { isPresumedThere } from "./heartbeat/legacy.ts";
import type { Peer } from "./heartbeat/membership.ts";
import { isStable } from "./heartbeat/report.ts";
import type { SplitBrains } from "./heartbeat/split-brain.ts";
import { livingPeers, type NodeState } from "./node.ts";
import { groupAt, isGivenUp, itemOf } from "./resource/group-state.ts";
import { addressesOf, heldAddresses, wantedAddresses } from "./resource/groups.ts";
import type { AddressResource } from "./resource/placement.ts";
import { isNone } from "./resource/sides.ts";
import { type Clients, commandOf } from "./respawn.ts";
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
  /** While a dead node's groups wait until it has been fenced, and afterwards until it is heard again. */
  readonly fencing?: FencingSnapshot;
}

export interface FencingSnapshot {
  readonly stage: "waiting" | "running" | "done";
  /** Attempts begun. */
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly failure?: string;
  /** Milliseconds until the next step while `stage` is waiting. */
  readonly next?: number;
  /** Who did it. */
  readonly by?: "device" | "operator";
}

export interface PingNodeSnapshot {
  /** The address, or the name of the group. */
  readonly name: string;
  readonly members: readonly string[];
  /** heartbeat's words: unknown until heard, then ping; dead after deadping. */
  readonly status: "unknown" | "ping" | "dead";
  /** Milliseconds since the last answer; absent before the first. */
  readonly lastHeardAgo?: number;
  /** The nodes that reach it, as far as they have told. */
  readonly reachedBy: readonly string[];
}

export interface ItemSnapshot {
  /** As in the cluster file. */
  readonly word: string;
  /** unknown: it is being asked. failed: it does not run because it has failed; stuck: it could not be stopped. */
  readonly state: "unknown" | "stopped" | "starting" | "running" | "stopping" | "failed" | "stuck";
  /** Why it failed. */
  readonly reason?: string;
}

export interface GroupSnapshot {
  readonly preferred: string;
  readonly addresses: readonly string[];
  /** What the group consists of, in the order of acquisition, as it is on this node. */
  readonly items: readonly ItemSnapshot[];
  /** The node that owns the group as far as this node knows. */
  readonly owner?: string;
  /** This node's own part in it. */
  readonly here: "released" | "acquiring" | "held" | "releasing" | "failed";
  /** Why the group was given up on this node. */
  readonly failed?: string;
}

export interface ClientSnapshot {
  readonly command: string;
  readonly user: string;
  /** waiting: for its next start; over: it ended with 100, cannot be executed, or was ended with the daemon. */
  readonly state: "idle" | "running" | "waiting" | "over";
  /** How often it was started. */
  readonly starts: number;
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
  readonly phase: "starting" | "running" | "standby" | "stopping" | "stopped" | "fenced";
  readonly members: readonly MemberSnapshot[];
  readonly pingNodes: readonly PingNodeSnapshot[];
  readonly groups: readonly GroupSnapshot[];
  /** The programs of respawn; absent when the cluster file names none. */
  readonly clients?: readonly ClientSnapshot[];
  readonly ignored: IgnoredFrames;
  /** How often both nodes were found to own the same groups since this process began, and the last time. */
  readonly splitBrains: Pick<SplitBrains, "count" | "last">;
}

/** What can be seen of `state` at `now`. */
export function takeSnapshot(state: NodeState, now: Instant): Snapshot {
  const { self, setup, cluster, claim, handover } = state;
  const standingBy = self.phase === "running" && isNone(claim.sides) && handover === undefined;
  return {
    cluster: cluster.cluster,
    self: setup.self,
    generation: setup.generation,
    stable: isStable(state),
    phase: standingBy ? "standby" : self.phase,
    members: cluster.nodes.map(({ name }) => memberSnapshot(state, name, now.monotonic)),
    pingNodes: pingNodeSnapshots(state, now.monotonic),
    groups: cluster.resources.map((_, index) => groupSnapshot(state, index)),
    ...(state.clients.length > 0 && { clients: describeClients(state.clients) }),
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
  const fencing = fencingSnapshot(state, name, now);
  return { name, self: false, status: peer?.status ?? "unknown", links: seen, ...(fencing && { fencing }) };
}

function fencingSnapshot({ fencings }: NodeState, name: string, now: number): FencingSnapshot | undefined {
  const fencing = fencings.nodes.get(name);
  if (fencing === undefined) return undefined;
  const { stage, attempts, failure, at, by } = fencing;
  return {
    stage,
    attempts,
    ...(failure !== undefined && { failure }),
    ...(stage === "waiting" && { next: Math.max(0, at - now) }),
    ...(by !== undefined && { by }),
  };
}

function pingNodeSnapshots(state: NodeState, now: number): PingNodeSnapshot[] {
  const { pingNodes, setup } = state;
  return pingNodes.nodes.map(({ name, members, status, lastHeard }) => ({
    name,
    members,
    status,
    ...(lastHeard !== undefined && { lastHeardAgo: now - lastHeard }),
    reachedBy: [
      ...(status === "ping" ? [setup.self] : []),
      ...livingPeers(state)
        .filter(({ reach }) => reach?.names?.includes(name))
        .map((peer) => peer.name),
    ],
  }));
}

function groupSnapshot(state: NodeState, index: number): GroupSnapshot {
  const { config, group } = groupAt(state, index);
  const side = config.node;
  const has = (peer: Peer): boolean =>
    peer.view?.claim.has(side) === true || isPresumedThere(state, peer, config);
  const theirs = [...state.peers.values()].find(has)?.name;
  const owner = state.claim.sides.has(side) ? state.setup.self : theirs;
  const items = config.resources.map((_, at) => itemSnapshot(state, index, at));
  return {
    preferred: side,
    addresses: addressesOf(config).map(({ address }) => address),
    items,
    ...(owner !== undefined && { owner }),
    here: hereOf(state, index, items),
    ...(group.failed !== undefined && { failed: group.failed.reason }),
  };
}

function hereOf(state: NodeState, index: number, items: readonly ItemSnapshot[]): GroupSnapshot["here"] {
  const { config, group } = groupAt(state, index);
  const acting = items.filter((_, at) => config.resources[at]?.kind !== "traffic");
  const released = acting.every((item) => item.state === "stopped" || item.state === "failed");
  if (isGivenUp(group)) return released ? "failed" : "releasing";
  if (!state.claim.sides.has(config.node)) return released ? "released" : "releasing";
  return acting.every((item) => item.state === "running") ? "held" : "acquiring";
}

function itemSnapshot(state: NodeState, index: number, at: number): ItemSnapshot {
  const { config, group } = groupAt(state, index);
  const resource = config.resources[at];
  if (resource === undefined || resource.kind === "traffic") {
    return { word: resource?.word ?? "", state: "stopped", reason: "this version does not act on it" };
  }
  if (resource.kind === "address") return addressSnapshot(state, resource);
  const { phase, reason } = itemOf(group, at);
  const shown = phase === "stopped" && reason !== undefined ? "failed" : phase;
  return { word: resource.word, state: shown, ...(reason !== undefined && { reason }) };
}

function addressSnapshot(state: NodeState, { word, address }: AddressResource): ItemSnapshot {
  const { kernel } = state;
  const reason = kernel.failures.get(address);
  const wanted = wantedAddresses(state).some((each) => each.address === address);
  const present = kernel.addresses.some((each) => each.address === address);
  const held = heldAddresses(state).has(address);
  const here = wanted ? (held || present ? "running" : "starting") : present ? "stopping" : "stopped";
  return { word, state: here, ...(reason !== undefined && { reason }) };
}

function describeClients(clients: Clients): readonly ClientSnapshot[] {
  return clients.map((client) => ({
    command: commandOf(client),
    user: client.config.user,
    state: client.phase.kind,
    starts: client.starts,
  }));
}
