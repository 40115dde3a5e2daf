// Who owns what among three nodes or more, all of them ours: heartbeat's own resource protocol knows two. Every rule looks at
// what is true now, from the views that all nodes repeat with each status, and is tried after each event.
//
// 1. Two own the same: the verdict of disputes.ts, the same on both; the loser releases at once.
// 2. Who is designated for a side that it does not own says that it wants it. Everybody repeats that (echo); the owner
//    releases once the others have.
// 3. A wanted side is taken when every node was heard or is dead, each living one has echoed the wish, and none of them
//    owns it, has any of it left, or wants it with a better rank. So no two can take the same, whatever each believes.
// 4. Nothing is taken while another living node still hears one that this node calls dead: that one may own anything.

import { livingPeers, type NodeState } from "../node.ts";
import { announceAll, changeClaim } from "../resource/acquisition.ts";
import { both, either, isNone, NONE, type Sides, sameSides, sidesIn, without } from "../resource/sides.ts";
import { log, logRarely, nowOf, setPeer, type Turn } from "../turn.ts";
import { designated, rank, sidesInUse } from "./designation.ts";
import { endDispute, settleDispute } from "./disputes.ts";
import { mayTakeFrom } from "./fencing.ts";
import { WORDS } from "./log-words.ts";
import { isAlive, type Peer } from "./membership.ts";
import { advanceMove } from "./moves.ts";
import { merged, withOrder } from "./orders.ts";
import { hearsUs, peerMayHave } from "./report.ts";

export function share(turn: Turn): void {
  for (const { name } of turn.state.peers.values()) noticeChange(turn, name);
  for (const peer of turn.state.peers.values()) if (!isAlive(peer)) endDispute(turn, peer);
  for (const { name } of livingPeers(turn.state)) {
    learnOrders(turn, name);
    settleDispute(turn, name);
    settleEstrangement(turn, name);
  }
  const running = turn.state.self.phase === "running";
  if (running) handOn(turn);
  const wants = running ? wishes(turn.state, nowOf(turn)) : NONE;
  if (!sameSides(wants, turn.state.wants)) turn.state = { ...turn.state, wants };
  if (running) take(turn);
  advanceMove(turn);
}

/** What a death and a return change at once. */
function noticeChange(turn: Turn, name: string): void {
  const { peers, claim, self, cluster } = turn.state;
  const peer = peers.get(name);
  if (peer === undefined) return;
  if (peer.status === "dead" && !peer.departed && peer.estranged === undefined) {
    setPeer(turn, { ...peer, estranged: { kept: claim.sides, since: self.outbox.next } });
  }
  if (peer.status === "dead") noteInheritance(turn, name);
  if (peer.status === "dead" && heardBy(turn.state, name).length === 0)
    withdraw(turn, (owner) => owner === name);
  if (isAlive(peer) && peer.returned) {
    setPeer(turn, { ...peer, returned: false });
    if (cluster.heartbeat.autoFailback !== "off") withdraw(turn, (_, side) => side === name);
  }
  if (isAlive(peer) && peer.kind === "heartbeat") logRarely(turn, `no view ${name}`, WORDS.noView(name));
  if (peer.status === "unknown") believeWitnesses(turn, peer);
}

/** What a dead node had is no longer its own once somebody else owns it; one that was never heard may have had anything. */
function noteInheritance(turn: Turn, name: string): void {
  const { state } = turn;
  const peer = state.peers.get(name);
  if (peer === undefined) return;
  const unknown = peer.departed ? NONE : sidesInUse(state.cluster);
  const owned = livingPeers(state).reduce(
    (all, { view }) => either(all, view?.claim ?? NONE),
    state.claim.sides,
  );
  const held = without(peer.held ?? unknown, owned);
  if (peer.held === undefined || !sameSides(held, peer.held)) setPeer(turn, { ...peer, held });
}

/** Ends the orders that name an owner and fit. */
function withdraw(turn: Turn, fits: (owner: string, side: string) => boolean): void {
  for (const [side, { owner }] of turn.state.orders) {
    if (owner === undefined || !fits(owner, side)) continue;
    turn.state = { ...turn.state, orders: withOrder(turn.state.orders, side) };
  }
}

/** A node that has been here for long does not hear it either: there is no need to wait for its boot, as after a power cut. */
function believeWitnesses(turn: Turn, peer: Peer): void {
  const { deadtime } = turn.state.cluster.heartbeat;
  const witnessed = livingPeers(turn.state).some(
    ({ status, view }) => status === "active" && view?.cluster?.hears.has(peer.name) === false,
  );
  if (witnessed && peer.patience > deadtime) setPeer(turn, { ...peer, patience: deadtime });
}

function learnOrders(turn: Turn, name: string): void {
  const { orders, cluster, peers } = turn.state;
  const next = merged(orders, peers.get(name)?.view?.cluster?.orders ?? new Map(), cluster);
  if (next !== orders) turn.state = { ...turn.state, orders: next };
}

/** The returned node has heard us since and has released: clients are told where everything is. */
function settleEstrangement(turn: Turn, name: string): void {
  const { peers, claim } = turn.state;
  const peer = peers.get(name);
  if (peer?.estranged === undefined || peer.view?.cluster === undefined || !hearsUs(turn.state, peer)) return;
  const { estranged, ...rest } = peer;
  const heard = peer.view.cluster.hears.get(turn.state.setup.self)?.sequence ?? 0;
  if (heard < estranged.since || !isNone(both(claim.sides, peerMayHave(peer.view)))) return;
  setPeer(turn, rest);
  announceAll(turn);
}

/** Releases what another node is designated for, as soon as that one can take it without further questions. */
function handOn(turn: Turn): void {
  const { claim, setup } = turn.state;
  for (const side of claim.sides) {
    const next = designated(turn.state, side, nowOf(turn));
    if (next === undefined || next === setup.self || !isReady(turn.state, next, side)) continue;
    log(turn, WORDS.handingOn(side, next));
    const { claim: now } = turn.state;
    changeClaim(turn, { ...now, sides: without(now.sides, sidesIn([side])) }, "handover");
  }
}

function isReady(state: NodeState, name: string, side: string): boolean {
  const taker = state.peers.get(name);
  if (taker?.view?.cluster?.wants.has(side) !== true || !hearsUs(state, taker)) return false;
  return livingPeers(state).every((peer) => peer === taker || peer.view?.cluster?.echo.get(name)?.has(side));
}

/** What this node is designated for, does not own and could own. */
function wishes(state: NodeState, now: number): Sides {
  if (isBlocked(state)) return NONE;
  const open = without(sidesInUse(state.cluster), state.claim.sides);
  return sidesIn([...open].filter((side) => designated(state, side, now) === state.setup.self));
}

/** Somebody may own what this node cannot know of. */
function isBlocked(state: NodeState): boolean {
  return [...state.peers.values()].some((peer) => {
    const { name, status, departed } = peer;
    if (status === "unknown") return true;
    if (isAlive(peer)) return peer.view?.cluster === undefined || !hearsUs(state, peer);
    return !departed && heardBy(state, name).length > 0;
  });
}

/** The living nodes that hear `name`. */
function heardBy(state: NodeState, name: string): readonly Peer[] {
  return livingPeers(state).filter(({ view }) => view?.cluster?.hears.has(name));
}

function take(turn: Turn): void {
  const { state } = turn;
  const { claim } = state;
  const agreed = [...state.wants].filter((side) =>
    livingPeers(state).every((peer) => yields(state, peer, side)),
  );
  const gains = sidesIn(agreed.filter((side) => isFenced(turn, side)));
  if (isNone(gains)) return;
  const dead = lastOwners(state, gains);
  for (const { name } of dead) log(turn, WORDS.acquiringFrom(name));
  const ordered = [...gains].some((side) => state.orders.get(side)?.owner === state.setup.self);
  turn.state = { ...turn.state, wants: without(state.wants, gains) };
  changeClaim(
    turn,
    { ...claim, sides: either(claim.sides, gains) },
    dead.length > 0 ? "death" : ordered ? "handover" : "start",
  );
}

/** The dead nodes that may have had any of it when they died. */
function lastOwners({ peers }: NodeState, sides: Sides): readonly Peer[] {
  return [...peers.values()].filter(
    ({ status, held = NONE }) => status === "dead" && !isNone(both(held, sides)),
  );
}

/** Every dead node that may have it has been fenced, where the cluster file says how. */
function isFenced(turn: Turn, side: string): boolean {
  const begun = lastOwners(turn.state, sidesIn([side])).map((peer) => mayTakeFrom(turn, peer));
  return begun.every((may) => may);
}

/** The peer knows that this node wants the side, and nothing of its own stands against that. */
function yields({ cluster, setup }: NodeState, { name, view }: Peer, side: string): boolean {
  if (view?.cluster === undefined || !view.cluster.echo.get(setup.self)?.has(side)) return false;
  if (peerMayHave(view).has(side)) return false;
  return !view.cluster.wants.has(side) || rank(cluster, side, setup.self) < rank(cluster, side, name);
}
