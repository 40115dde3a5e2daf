// What a node says without being asked: a status message with each keepalive and at every change, and a resource
// message whenever what it owns, or whether that is settled, has changed.

import { isOver, livingPeers, type NodeState, partnerOf } from "../node.ts";
import { failedSides } from "../resource/failure.ts";
import { completeSides, presentSides } from "../resource/groups.ts";
import { allSides, both, either, holdingOf, includes, isNone, NONE, sameSides } from "../resource/sides.ts";
import { nowOf, send, setSelf, type Turn } from "../turn.ts";
import type { MessageBody, ResourceReason } from "./body.ts";
import type { ClusterView } from "./cluster-view.ts";
import { awaitsFencing } from "./fencing.ts";
import type { Handover } from "./handover.ts";
import type { Position } from "./inbox.ts";
import { isTalkedOut } from "./legacy.ts";
import { isAlive, isGone, type Peer } from "./membership.ts";
import { disputed } from "./ownership.ts";
import { reachFields } from "./reach.ts";
import { isLegacy } from "./spoken.ts";
import { type NodeView, viewField } from "./view.ts";

/** True when the peer's words are about this life of ours: it has heard us since we last began anew. */
export function hearsUs(state: NodeState, peer: Peer): boolean {
  const { view } = peer;
  const hears = view?.cluster === undefined ? view?.hears : view.cluster.hears.get(state.setup.self);
  return hears?.generation === state.setup.generation && hears.sequence >= state.self.sinceSequence;
}

/** No hand-over is under way, no takeover waits, what is claimed is held, nothing else is, and the peer has nothing against it. */
export function isStable(state: NodeState): boolean {
  return state.handover === undefined && !awaitsFencing(state) && holdsAsClaimed(state) && isAgreed(state);
}

/** Nothing moves yet; a hand-over in one of these stages is only talk. */
const TALK: readonly Handover["stage"][] = ["asked", "requested", "awaiting"];

/**
 * heartbeat's isstable, for real nodes: while it is not set they answer no hand-over, and after a partition they delay the
 * restart by which they end the dispute.
 */
function isStableOnWire(state: NodeState): boolean {
  const { handover, claim } = state;
  const still = handover === undefined || TALK.includes(handover.stage);
  return still && holdsAsClaimed(state) && (claim.alone || isAgreed(state));
}

function holdsAsClaimed(state: NodeState): boolean {
  const { self, claim, kernel } = state;
  if (self.phase !== "running" || !kernel.known) return false;
  const complete = completeSides(state, claim.sides);
  if (!sameSides(complete, claim.sides)) return false;
  return includes(claim.sides, presentSides(state));
}

function isAgreed(state: NodeState): boolean {
  if (state.peers.size > 1) return isSettled(state);
  const peer = partnerOf(state);
  if (peer === undefined || isGone(peer)) return true;
  if (isLegacy(state) && !isTalkedOut(state)) return false;
  return (isLegacy(state) && peer.kind !== "pulsebox") || agrees(state, peer);
}

/** Among three or more: nobody living may have what this node claims, and this node wants nothing more. */
function isSettled(state: NodeState): boolean {
  return (
    isNone(state.wants) &&
    livingPeers(state).every(
      (peer) =>
        peer.view !== undefined &&
        hearsUs(state, peer) &&
        isNone(both(state.claim.sides, peerMayHave(peer.view))),
    )
  );
}

function agrees(state: NodeState, peer: Peer): boolean {
  const { view } = peer;
  if (view === undefined || !hearsUs(state, peer)) return false;
  const theirs = { sides: view.claim, kept: view.kept, alone: view.alone };
  if (!isNone(disputed(state.claim, theirs))) return false;
  // A real node that is still changing may yet leave something to us; two of ours must not wait for each other.
  return peer.kind === "pulsebox" || view.stable || !isNone(state.claim.sides);
}

export function ownView(state: NodeState): NodeView {
  const view = ownPairView(state);
  if (state.peers.size < 2) return view;
  const { hears: _, ...rest } = view;
  return { ...rest, cluster: ownClusterView(state) };
}

function ownClusterView(state: NodeState): ClusterView {
  const { wants, orders, peers, self } = state;
  const living = livingPeers(state);
  return {
    wants,
    echo: new Map(
      living.flatMap(({ name, view }) =>
        view?.cluster && !isNone(view.cluster.wants) ? [[name, view.cluster.wants] as const] : [],
      ),
    ),
    estranged: new Map(
      [...peers.values()].flatMap(({ name, estranged }) =>
        estranged ? [[name, estranged.kept] as const] : [],
      ),
    ),
    orders,
    hears: new Map(
      living.flatMap(({ name, inbox }) => (inbox.position ? [[name, inbox.position] as const] : [])),
    ),
    leaving: self.phase === "stopping",
  };
}

function ownPairView(state: NodeState): NodeView {
  const { claim, kernel, cluster, handover } = state;
  const peer = partnerOf(state);
  const position = peer?.inbox.position;
  return {
    claim: claim.sides,
    // What is not known may be there.
    has: kernel.known ? presentSides(state) : allSides(cluster),
    kept: claim.kept,
    alone: claim.alone,
    stable: isStable(state),
    handover: handover?.role ?? "none",
    failed: failedSides(state),
    ...(isAlive(peer) && position && { hears: position }),
  };
}

/** A status message when there is something new to say or the keepalive is due, a resource message when it changed. */
export function report(turn: Turn): void {
  const { self, cluster, ending } = turn.state;
  if (!self.started || isOver(self) || (ending && ending.shutdones > 0)) return;
  const due = nowOf(turn) >= self.lastStatus + cluster.heartbeat.keepalive;
  const news = statusNews(turn.state);
  if (due || news !== self.saidStatus) {
    setSelf(turn, { lastStatus: nowOf(turn), saidStatus: news });
    const { deadtime } = cluster.heartbeat;
    send(turn, { type: "status", status: self.status, deadtime, protocol: 1 }, [
      viewField(ownView(turn.state), turn.state.setup.self),
      ...reachFields(turn.state, nowOf(turn)),
    ]);
  }
  if (self.phase === "running" && holdingNews(turn.state) !== turn.state.self.saidHolding) sayHolding(turn);
}

/** Says what this node holds, with heartbeat's word for the reason if there is one. */
export function sayHolding(turn: Turn, reason?: ResourceReason): void {
  setSelf(turn, { saidHolding: holdingNews(turn.state) });
  send(turn, { ...holdingMessage(turn.state), ...(reason && { reason }) });
}

/** What this node holds now, as a resource message tells it. */
export function holdingMessage(state: NodeState): Extract<MessageBody, { type: "resource" }> {
  const { claim, setup } = state;
  const holds = holdingOf(claim.sides, setup.self);
  return { type: "resource", holds, stable: isStableOnWire(state) };
}

/** The last resource message is still true: a real node must have heard it before it is asked for anything. */
export function hasSaidHolding(state: NodeState): boolean {
  return state.self.saidHolding === holdingNews(state);
}

function holdingNews(state: NodeState): string {
  return `${holdingOf(state.claim.sides, state.setup.self)} ${isStableOnWire(state)}`;
}

/** Everything in a status whose change the peer should know at once: all but the number heard last. */
function statusNews(state: NodeState): string {
  const { hears, cluster, ...view } = ownView(state);
  const said: NodeView = {
    ...view,
    ...(hears && { hears: unnumbered(hears) }),
    ...(cluster && {
      cluster: {
        ...cluster,
        hears: new Map([...cluster.hears].map(([name, each]) => [name, unnumbered(each)])),
      },
    }),
  };
  const reached = state.pingNodes.nodes.filter(({ status }) => status === "ping").map(({ name }) => name);
  return [state.self.status, viewField(said, state.setup.self).value, ...reached].join(" ");
}

function unnumbered({ generation }: Position): Position {
  return { generation, sequence: 0 };
}

/** What a real node's resource message tells, in the terms in which ours speak of themselves. */
export function viewOfRealNode(
  state: NodeState,
  before: NodeView | undefined,
  claim: NodeView["claim"],
  stable: boolean,
): NodeView {
  return {
    claim,
    // It speaks of releasing before it has released: what it had stays possible until it is stable or says `done`.
    has: stable || before === undefined ? claim : either(before.has, claim),
    kept: NONE,
    alone: before?.alone ?? false,
    stable,
    handover: "none",
    hears: { generation: state.setup.generation, sequence: state.self.outbox.next - 1 },
  };
}

/** The peer's claim and its remaining addresses. */
export function peerMayHave({ has, claim }: NodeView): NodeView["has"] {
  return either(has, claim);
}
