// The state of one node: sub-states, each with its own pure functions beside it, and what can be read off the whole.
// Nothing here is ever changed in place; step() makes the next state out of the last one and an event.

import type { ClusterConfig } from "./config/cluster.ts";
import type { NodeSetup } from "./event.ts";
import { type Authenticator, createAuthenticator } from "./heartbeat/auth.ts";
import type { NodeStatus } from "./heartbeat/body.ts";
import { type Fencings, NO_FENCINGS, nextFencing } from "./heartbeat/fencing.ts";
import type { Handover } from "./heartbeat/handover.ts";
import { wake as inboxWake } from "./heartbeat/inbox.ts";
import { EVEN, type Ipfail, ipfailDeadline } from "./heartbeat/ipfail.ts";
import { type LegacyTalk, legacyDeadline, NO_TALK } from "./heartbeat/legacy.ts";
import { linkDeadline } from "./heartbeat/links.ts";
import { createPeer, deathAt, isAlive, type Peer } from "./heartbeat/membership.ts";
import type { Move } from "./heartbeat/moves.ts";
import type { Orders } from "./heartbeat/orders.ts";
import { createOutbox, type Outbox } from "./heartbeat/outbox.ts";
import { type Claim, NO_CLAIM } from "./heartbeat/ownership.ts";
import { createPingNodes, nextRound, type PingNodes, pingDeadline } from "./heartbeat/ping-nodes.ts";
import type { LastFrame } from "./heartbeat/read-frame.ts";
import { NO_SPLIT_BRAIN, type SplitBrains } from "./heartbeat/split-brain.ts";
import { invariant } from "./invariant.ts";
import { type Announcements, nextAnnouncement } from "./resource/announce.ts";
import { nextResourceDeadline } from "./resource/deadlines.ts";
import { createGroups, type GroupStates } from "./resource/group-state.ts";
import { type Kernel, nextAttempt, UNKNOWN_KERNEL } from "./resource/kernel.ts";
import type { Placements } from "./resource/placement.ts";
import { NONE, type Sides } from "./resource/sides.ts";
import { type Clients, createClients, nextClientStart } from "./respawn.ts";
import type { IgnoredFrames } from "./snapshot.ts";
import { type Deadlines, earliest } from "./time.ts";
import type { Told } from "./told.ts";

export interface Self {
  /** fenced: it has asked for the reset of its machine and does nothing any more. */
  readonly phase: "starting" | "running" | "stopping" | "stopped" | "fenced";
  /** False until the `start` event. */
  readonly started: boolean;
  readonly status: NodeStatus;
  /** Monotonic ms of the last status message. */
  readonly lastStatus: number;
  /** Until then nobody is called dead: this node was held up, and what it should have heard may still be queued. */
  readonly graceUntil: number;
  /** What the peer says of its neighbour is about this life of ours only if it has heard this number. */
  readonly sinceSequence: number;
  readonly outbox: Outbox;
  /** The last status and the last resource message, to see when there is something new to say. */
  readonly saidStatus: string;
  readonly saidHolding: string;
}

/** The orderly end: when it began, how many shutdone messages went out, when the next step is due. */
export interface Ending {
  readonly deadline: number;
  readonly shutdones: number;
  /** Absent when all is said and only clients are waited for. */
  readonly nextAt?: number;
}

/** Sides claimed and not yet complete, and why they were claimed. */
export interface Acquiring {
  readonly sides: Sides;
  readonly cause: "start" | "death" | "handover";
}

export interface NodeState {
  readonly cluster: ClusterConfig;
  readonly setup: NodeSetup;
  readonly auth: Authenticator;
  readonly lastFrame?: LastFrame;
  readonly self: Self;
  /** Every other node of the cluster file by name, in the file's order. */
  readonly peers: ReadonlyMap<string, Peer>;
  readonly pingNodes: PingNodes;
  readonly ipfail: Ipfail;
  readonly claim: Claim;
  readonly acquiring: Acquiring;
  readonly handover?: Handover;
  /** In a cluster of three or more: what this node means to take, and what operators have ordered. */
  readonly wants: Sides;
  readonly orders: Orders;
  readonly move?: Move;
  readonly legacy: LegacyTalk;
  readonly ending?: Ending;
  /** How often a peer that was called dead turned out to be alive. */
  readonly partitions: number;
  readonly clients: Clients;
  /** One for each resource group of the cluster file, in its order. */
  readonly groups: GroupStates;
  /** Programs started so far. */
  readonly runs: number;
  /** The checks that are asked for now, one in a line. */
  readonly checking: string;
  readonly kernel: Kernel;
  readonly placements: Placements;
  readonly announcements: Announcements;
  readonly ignored: IgnoredFrames;
  readonly told: Told;
  readonly splitBrains: SplitBrains;
  readonly fencings: Fencings;
  /** How many decisions this life of the node has recorded. */
  readonly decisions: number;
}

/** Throws when the setup does not fit the cluster file: validation should have refused it. */
export function createNode(cluster: ClusterConfig, setup: NodeSetup): NodeState {
  invariant(
    cluster.nodes.some(({ name }) => name === setup.self),
    `node ${setup.self} is not in the cluster file`,
  );
  const others = cluster.nodes.map(({ name }) => name).filter((name) => name !== setup.self);
  const { deadtime } = cluster.heartbeat;
  return {
    cluster,
    setup,
    auth: createAuthenticator(cluster.heartbeat.auth),
    self: {
      phase: "starting",
      started: false,
      status: "init",
      lastStatus: 0,
      graceUntil: Number.NEGATIVE_INFINITY,
      sinceSequence: 1,
      outbox: createOutbox(setup.generation),
      saidStatus: "",
      saidHolding: "",
    },
    peers: new Map(others.map((name) => [name, createPeer(name, deadtime, setup.media)])),
    pingNodes: createPingNodes(cluster),
    ipfail: EVEN,
    legacy: NO_TALK,
    claim: NO_CLAIM,
    acquiring: { sides: NONE, cause: "start" },
    wants: NONE,
    orders: new Map(),
    partitions: 0,
    clients: createClients(cluster.heartbeat.respawn),
    groups: createGroups(cluster),
    runs: 0,
    checking: "",
    kernel: UNKNOWN_KERNEL,
    placements: new Map(),
    announcements: new Map(),
    ignored: { malformed: 0, unauthenticated: 0, replayed: 0, foreignNode: 0 },
    told: new Map(),
    splitBrains: NO_SPLIT_BRAIN,
    fencings: NO_FENCINGS,
    decisions: 0,
  };
}

/** The other node of a pair, with which heartbeat's resource protocol is spoken; undefined in a cluster of any other size. */
export function partnerOf({ peers }: NodeState): Peer | undefined {
  const [partner, ...others] = peers.values();
  return others.length === 0 ? partner : undefined;
}

/** The other nodes that were heard and are not dead. */
export function livingPeers({ peers }: NodeState): readonly Peer[] {
  return [...peers.values()].filter(isAlive);
}

/** Nothing is decided any more. */
export function isOver({ phase }: Self): boolean {
  return phase === "stopped" || phase === "fenced";
}

/** Monotonic ms of the earliest deadline, when the runtime sends a `tick`; undefined when the node waits for nothing. */
export function nextWake(state: NodeState): number | undefined {
  return earliest(deadlines(state).values());
}

/** Everything the node waits for, by name. */
function deadlines(state: NodeState): Deadlines {
  const { self, handover, ending } = state;
  if (!self.started || isOver(self)) return new Map();
  const { keepalive } = state.cluster.heartbeat;
  const silent = ending !== undefined && ending.shutdones > 0;
  const all: Readonly<Record<string, number | undefined>> = {
    keepalive: silent ? undefined : self.lastStatus + keepalive,
    round: silent ? undefined : nextRound(state),
    pingNodes: pingDeadline(state),
    ipfail: ipfailDeadline(state),
    handover: handover?.deadline,
    fencing: nextFencing(state.fencings),
    move: state.move?.deadline,
    legacy: legacyDeadline(state),
    ending: ending?.nextAt,
    clients: self.phase === "running" ? nextClientStart(state.clients) : undefined,
    addresses: nextAttempt(state.kernel),
    announcements: nextAnnouncement(state.announcements),
    resources: nextResourceDeadline(state),
  };
  for (const peer of state.peers.values()) Object.assign(all, peerDeadlines(state, peer));
  return new Map(
    Object.entries(all).filter(
      (each): each is [string, number] => each[1] !== undefined && Number.isFinite(each[1]),
    ),
  );
}

function peerDeadlines(
  { self, cluster }: NodeState,
  peer: Peer,
): Readonly<Record<string, number | undefined>> {
  const { name, unheardSince } = peer;
  return {
    [`death ${name}`]: deathAt(peer, self.graceUntil),
    [`links ${name}`]: linkDeadline(peer.links, peer.deadtime, self.graceUntil),
    [`missing ${name}`]: inboxWake(peer.inbox),
    [`unheard ${name}`]: unheardSince === undefined ? undefined : unheardSince + cluster.heartbeat.deadtime,
  };
}

export { managedAddresses, wantedAddresses } from "./resource/groups.ts";
export { takeSnapshot } from "./snapshot.ts";
