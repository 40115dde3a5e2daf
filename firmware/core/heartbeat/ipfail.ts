// ipfail: the node that reaches more ping nodes has the resources. Between two of ours each status message says what a node
// reaches, and the worse one gives everything by the ordinary hand-over when it has been worse beyond doubt for two
// keepalives, so that both have noticed what fails for both. Nothing moves while the two are even, nothing moves towards
// a worse node but by the other one's death or what has failed there, and auto_failback waits until evenness has lasted
// for initdead, the time that networks are given to come up: a cable that comes and goes moves the resources once.
//
// Beside a real heartbeat node this is the other ipfail of 3.0.6: hbapi-clstat (join), num_ping_nodes, you_are_dead and
// abort_giveup, which both sides send at every change and answer by comparing. Among three nodes or more: held-back.ts.

import { record } from "../decision.ts";
import type { ResourceScope } from "../event.ts";
import { type NodeState, partnerOf } from "../node.ts";
import { holdingOf, isNone, NONE, without } from "../resource/sides.ts";
import { log, nowOf, send, setPeer, type Turn } from "../turn.ts";
import { type Addressed, addressed, type Holding, type KnownMessage } from "./body.ts";
import { offerHandover } from "./handshake.ts";
import { type Disadvantages, heldBackDeadline, judgeStandings } from "./held-back.ts";
import { WORDS } from "./log-words.ts";
import { isAlive, type Peer } from "./membership.ts";
import { ownReach, type Reach, worseNode } from "./reach.ts";
import { hearsUs, isStable } from "./report.ts";

export interface Ipfail {
  /** Since when this node is worse, monotonic ms, and whether that has lasted long enough. */
  readonly worse?: { readonly since: number; readonly settled: boolean };
  /** When the peer was last worse, monotonic ms. */
  readonly peerWorseAt?: number;
  /** What the ipfail of that life of a real peer was last told. */
  readonly told?: { readonly generation: number; readonly count: number };
  /** Among three nodes or more, instead of all that. */
  readonly disadvantages?: Disadvantages;
}

export const EVEN: Ipfail = {};

type IpfailMessage = Extract<
  KnownMessage,
  { type: "hbapi-clstat" | "num_ping_nodes" | "you_are_dead" | "abort_giveup" }
>;

/** Real nodes look for silence every 250 ms, and their ipfail for messages once in a while. */
const REAL_NODES_POLL = 500;

function settling({ cluster }: NodeState, peer: Peer): number {
  return 2 * cluster.heartbeat.keepalive + (peer.kind === "pulsebox" ? 0 : REAL_NODES_POLL);
}

/** When being worse has lasted long enough; undefined when it has, or this node is not worse. */
export function ipfailDeadline(state: NodeState): number | undefined {
  if (state.peers.size > 1) return heldBackDeadline(state);
  const peer = partnerOf(state);
  const { worse } = state.ipfail;
  return worse === undefined || worse.settled || peer === undefined
    ? undefined
    : worse.since + settling(state, peer);
}

export function advanceIpfail(turn: Turn): void {
  if (!turn.state.cluster.heartbeat.ipfail) return;
  if (turn.state.peers.size > 1) {
    judgeStandings(turn);
    return;
  }
  const partner = partnerOf(turn.state);
  if (isAlive(partner) && partner.kind === "heartbeat") tellRealNode(turn, partner);
  const peer = partnerOf(turn.state);
  const verdict = worseNode(turn.state, peer, nowOf(turn));
  if (verdict === "peer") setIpfail(turn, { ...turn.state.ipfail, peerWorseAt: nowOf(turn) });
  if (verdict === "self" && peer?.reach !== undefined) beWorse(turn, peer, peer.reach);
  else beEven(turn);
}

function beWorse(turn: Turn, peer: Peer, reach: Reach): void {
  const now = nowOf(turn);
  const { worse, ...rest } = turn.state.ipfail;
  const wait = settling(turn.state, peer);
  if (worse === undefined) {
    setIpfail(turn, { ...rest, worse: { since: now, settled: false } });
    if (!isNone(turn.state.claim.sides))
      log(turn, WORDS.delayedGiveup(peer.name, reach, ownReach(turn.state, now), wait));
    return;
  }
  if (!worse.settled && now < worse.since + wait) return;
  if (!worse.settled) setIpfail(turn, { ...rest, worse: { ...worse, settled: true } });
  const scope = mayOffer(turn.state, peer) ? toGive(turn.state, peer) : "none";
  if (scope !== "none") giveUp(turn, peer, reach, scope);
}

function mayOffer(state: NodeState, peer: Peer): boolean {
  if (state.self.phase !== "running" || state.handover !== undefined || peer.leaving) return false;
  const idle = peer.view?.handover === "none" && peer.view.stable;
  return idle && isStable(state) && hearsUs(state, peer);
}

/** Everything but what has failed at the peer: that is better badly reached than not at all. */
function toGive({ claim, setup }: NodeState, { view }: Peer): Holding {
  const given = without(claim.sides, view?.failed ?? NONE);
  if (isNone(given)) return "none";
  return given.size === claim.sides.size ? "all" : holdingOf(given, setup.self);
}

function giveUp(turn: Turn, peer: Peer, there: Reach, scope: ResourceScope): void {
  const now = nowOf(turn);
  const here = ownReach(turn.state, now);
  log(turn, WORDS.fewerPingNodes(peer.name, there, here));
  record(turn, { what: "fewer-ping-nodes", node: peer.name, here, there });
  // A peer that does not answer is offered it again after another wait.
  setIpfail(turn, { ...turn.state.ipfail, worse: { since: now, settled: false } });
  offerHandover(turn, scope, "ipfail");
}

function beEven(turn: Turn): void {
  const { worse, ...rest } = turn.state.ipfail;
  if (worse === undefined) return;
  setIpfail(turn, rest);
  if (!isNone(turn.state.claim.sides) && turn.state.handover === undefined) log(turn, WORDS.abortedGiveup());
}

/** Whether auto_failback may go to the peer now: it is not worse, and has not been for as long as networks take to come up. */
export function mayFailBackTo(state: NodeState, peer: Peer, now: number): boolean {
  if (!state.cluster.heartbeat.ipfail || peer.reach === undefined) return true;
  const { peerWorseAt } = state.ipfail;
  if (peer.reach.sure < ownReach(state, now).count) return false;
  return peerWorseAt === undefined || now - peerWorseAt >= state.cluster.heartbeat.initdead;
}

/** A real node's ipfail is told our number when it or its node is new, and whenever the number changes. */
function tellRealNode(turn: Turn, peer: Peer): void {
  const { ipfail, self } = turn.state;
  const generation = peer.inbox.position?.generation;
  if (generation === undefined || peer.status !== "active" || self.phase !== "running") return;
  const { count } = ownReach(turn.state, nowOf(turn));
  const known = ipfail.told?.generation === generation;
  if (known && ipfail.told?.count === count) return;
  if (!known) send(turn, { type: "hbapi-clstat", clientGeneration: 0 });
  tellCount(turn, peer, generation, count);
}

function tellCount(turn: Turn, peer: Peer, generation: number, count: number): void {
  setIpfail(turn, { ...turn.state.ipfail, told: { generation, count } });
  send(turn, { type: "num_ping_nodes", ...betweenIpfails(peer), pingNodes: count });
}

/** From this node's ipfail, on its first start, to the peer's. */
function betweenIpfails({ name, inbox }: Peer): Addressed & { readonly clientGeneration: number } {
  return { ...addressed(name, inbox.uuid), clientGeneration: 0 };
}

/** The ipfail of a real node has said something. */
export function onIpfailMessage(turn: Turn, peer: Peer, message: IpfailMessage): void {
  const { cluster, ipfail, self } = turn.state;
  if (!cluster.heartbeat.ipfail || peer.kind !== "heartbeat" || self.phase !== "running") return;
  const { count } = ownReach(turn.state, nowOf(turn));
  const told = ipfail.told?.count ?? count;
  switch (message.type) {
    case "hbapi-clstat":
      tellCount(turn, peer, message.trailer.hg ?? 0, count);
      break;
    case "num_ping_nodes":
      compare(turn, peer, message.pingNodes, count);
      break;
    case "you_are_dead":
      learn(turn, peer, Math.max(peer.reach?.count ?? 0, told + 1));
      break;
    case "abort_giveup":
      learn(turn, peer, told);
      break;
    default:
      message satisfies never;
  }
}

/** The answers of heartbeat's ipfail to another one's number. */
function compare(turn: Turn, peer: Peer, theirs: number, own: number): void {
  learn(turn, peer, theirs);
  if (own > theirs) send(turn, { type: "you_are_dead", ...betweenIpfails(peer) });
  if (own !== theirs) return;
  send(turn, { type: "abort_giveup", ...betweenIpfails(peer) });
  // Balanced: what is theirs goes back, when auto_failback wants it.
  const next = partnerOf(turn.state);
  if (next !== undefined && turn.state.claim.sides.has(peer.name))
    setPeer(turn, { ...next, failbackDue: true });
}

function learn(turn: Turn, { name }: Peer, count: number): void {
  const peer = turn.state.peers.get(name);
  if (peer !== undefined) setPeer(turn, { ...peer, reach: { count, sure: count } });
}

function setIpfail(turn: Turn, ipfail: Ipfail): void {
  turn.state = { ...turn.state, ipfail };
}
