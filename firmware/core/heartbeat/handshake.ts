// The two parts of a hand-over, played against messages and against what both nodes show of themselves. The giver has
// released before the taker acquires; whatever breaks off leaves sides that nobody has, which negotiation.ts gives
// to their preferred node.

import { answer } from "../answer.ts";
import { recordHandover } from "../decision.ts";
import type { ResourceScope } from "../event.ts";
import { type NodeState, partnerOf } from "../node.ts";
import { changeClaim } from "../resource/acquisition.ts";
import { completeSides, presentSides } from "../resource/groups.ts";
import {
  both,
  either,
  includes,
  isNone,
  mirroredScope,
  NONE,
  type Sides,
  sidesOf,
  without,
} from "../resource/sides.ts";
import { log, nowOf, send, setPeer, setSelf, type Turn } from "../turn.ts";
import { ANSWER_WITHIN, alive, type Handover, proceeding } from "./handover.ts";
import { WORDS } from "./log-words.ts";
import { isAlive, type Peer } from "./membership.ts";
import { ownReach, worseNode } from "./reach.ts";
import { isStable, sayHolding } from "./report.ts";
import type { NodeView } from "./view.ts";

/** Asks the peer to take `scope` (relative to this node) from it. */
export function offerHandover(
  turn: Turn,
  scope: ResourceScope,
  cause: Handover["cause"],
  operator?: number,
): void {
  const deadline = nowOf(turn) + ANSWER_WITHIN;
  begin(turn, {
    role: "giver",
    scope,
    stage: "asked",
    cause,
    deadline,
    ...(operator !== undefined && { operator }),
  });
  log(turn, WORDS.wantsStandby(turn.state.setup.self, scope));
  send(turn, { type: "ask_resources", scope, step: "me" });
}

/** Asks the peer to give `scope` (relative to this node) to it. */
export function requestHandover(turn: Turn, scope: ResourceScope, operator: number): void {
  const deadline = nowOf(turn) + ANSWER_WITHIN;
  begin(turn, {
    role: "taker",
    scope: mirroredScope(scope),
    stage: "requested",
    cause: "operator",
    operator,
    deadline,
  });
  send(turn, { type: "hb_takeover", scope });
}

/** The peer asks to be given `scope`, relative to it. */
export function onTakeoverRequest(turn: Turn, scope: ResourceScope): void {
  const peer = partnerOf(turn.state);
  if (!isAlive(peer) || refusal(turn) || towardsWorse(turn, "peer")) return;
  offerHandover(turn, mirroredScope(scope), "peer");
}

/** `sequence` is the message's number. */
export function onAsk(
  turn: Turn,
  scope: ResourceScope,
  step: "me" | "other" | "done",
  sequence: number,
): void {
  if (step === "done") noteDone(turn, scope, sequence);
  const { handover } = turn.state;
  const peer = partnerOf(turn.state);
  if (peer === undefined || turn.state.self.phase !== "running") return;
  if (step === "me") agree(turn, peer.name, scope);
  else if (step === "other") {
    if (handover?.stage !== "asked" || handover.scope !== scope) return;
    log(turn, WORDS.canTake(peer.name, scope));
    advance(turn, handover, "releasing");
    const { claim } = turn.state;
    changeClaim(turn, { ...claim, sides: without(claim.sides, givenBy(turn.state, handover)) }, "handover");
    sayHolding(turn, "standby");
  } else if (handover?.stage === "awaiting" && handover.scope === scope) {
    // One that came late may belong to a hand-over that the giver has given up since.
    if (isNone(both(peer.view?.claim ?? NONE, givenBy(turn.state, handover))))
      acquire(turn, handover, peer.name);
  } else if (handover?.stage === "given" && handover.scope === scope) finishGiving(turn, handover);
}

/** Who is done has released, or has acquired, whatever older words about its claim say, which may come after it. */
function noteDone(turn: Turn, scope: ResourceScope, sequence: number): void {
  const { handover } = turn.state;
  const peer = partnerOf(turn.state);
  if (handover?.scope !== scope || peer?.view === undefined) return;
  // Ours tell what they claim with each status, a real node with its resource messages.
  const words = peer.kind === "pulsebox" ? "statusSequence" : "resourceSequence";
  if (sequence <= peer[words]) return;
  const { claim, has } = peer.view;
  const given = givenBy(turn.state, handover);
  const news =
    handover.role === "taker"
      ? { claim: without(claim, given), has: without(has, given) }
      : { claim: either(claim, given), has: either(has, given) };
  setPeer(turn, { ...peer, view: { ...peer.view, ...news }, [words]: sequence });
}

function agree(turn: Turn, from: string, scope: ResourceScope): void {
  const { handover } = turn.state;
  const peer = partnerOf(turn.state);
  if (!isAlive(peer) || peer.leaving) return;
  log(turn, WORDS.wantsStandby(from, scope));
  const crossing = handover?.stage === "asked";
  // Both asked at the same moment: the node whose name comes first goes on asking.
  if (crossing && turn.state.setup.self < from) return;
  const requested = handover?.stage === "requested" ? handover : undefined;
  if (crossing) abortHandover(turn, `${from} asked at the same moment`);
  else if (requested === undefined && refusal(turn)) return;
  else if (!hasFailedAt(turn, peer, scope) && towardsWorse(turn, "self")) return;
  const operator = requested?.operator === undefined ? {} : { operator: requested.operator };
  const cause = requested ? "operator" : causeOfGiving(turn, peer);
  const deadline = nowOf(turn) + ANSWER_WITHIN;
  begin(turn, { role: "taker", scope, stage: "awaiting", cause, ...operator, deadline });
  send(turn, { type: "ask_resources", scope, step: "other" });
}

/** Something of what the peer offers cannot run there. */
function hasFailedAt({ state }: Turn, { name, view }: Peer, scope: ResourceScope): boolean {
  return !isNone(both(view?.failed ?? NONE, sidesOf(scope, name, state.cluster)));
}

/** A node that reaches fewer ping nodes gives because of that; what prefers it may come back when it does no longer. */
function causeOfGiving(turn: Turn, peer: Peer): "ipfail" | "peer" {
  const now = nowOf(turn);
  if (peer.reach === undefined || worseNode(turn.state, peer, now) !== "peer") return "peer";
  log(turn, WORDS.takesFromWorse(peer.name, peer.reach, ownReach(turn.state, now)));
  return "ipfail";
}

/** True, with a log line, when `taker` reaches fewer ping nodes than the giver. */
function towardsWorse(turn: Turn, taker: "self" | "peer"): boolean {
  const peer = partnerOf(turn.state);
  if (worseNode(turn.state, peer, nowOf(turn)) !== taker) return false;
  const why = taker === "self" ? "We have less visible ping nodes." : "It has less visible ping nodes.";
  log(turn, WORDS.standbyIgnored(peer?.name ?? "", why));
  return true;
}

/** The giver has heard our `other` and begins to release. A real node that ignores it for its own reasons never says so. */
export function onGiving(turn: Turn): void {
  const { handover } = turn.state;
  if (handover?.stage === "awaiting") advance(turn, handover, "awaiting");
}

/** True, with a log line, when no hand-over can begin now. */
function refusal(turn: Turn): boolean {
  const { handover } = turn.state;
  const peer = partnerOf(turn.state);
  const name = peer?.name ?? "";
  if (handover !== undefined) log(turn, WORDS.standbyIgnored(name, "A hand-over is in progress."));
  else if (!isStable(turn.state)) log(turn, WORDS.standbyIgnored(name, "We are in flux."));
  else return false;
  return true;
}

/** Takes every step of a hand-over that what is true now allows, and gives up one that stands still. */
export function advanceHandover(turn: Turn): void {
  const { handover } = turn.state;
  const peer = partnerOf(turn.state);
  if (handover === undefined || peer === undefined) return;
  const view = peer.kind === "pulsebox" ? peer.view : undefined;
  if (handover.role === "giver") advanceGiving(turn, handover, view);
  else advanceTaking(turn, handover, peer.name, view);
  const { handover: next } = turn.state;
  if (next === undefined) return;
  if (view !== undefined && isGivenUp(turn.state, next, view))
    abortHandover(turn, `${peer.name} has given it up`);
  else expire(turn, next, peer.name);
}

function advanceGiving(turn: Turn, handover: Handover, view: NodeView | undefined): void {
  const given = givenBy(turn.state, handover);
  if (handover.stage === "releasing") {
    if (!isNone(both(presentSides(turn.state), given))) return;
    send(turn, { type: "ask_resources", scope: handover.scope, step: "done" });
    advance(turn, handover, "given");
  } else if (handover.stage === "given" && view?.handover === "none") {
    if (includes(view.claim, given)) finishGiving(turn, handover);
  }
}

function advanceTaking(turn: Turn, handover: Handover, giver: string, view: NodeView | undefined): void {
  const { claim } = turn.state;
  const given = givenBy(turn.state, handover);
  if (handover.stage === "awaiting" && view?.handover === "giver") {
    // The peer shows that it has released: as good as its `done`.
    if (isNone(both(either(view.claim, view.has), given))) acquire(turn, handover, giver);
  } else if (handover.stage === "acquiring") {
    const complete = completeSides(turn.state, claim.sides);
    if (includes(complete, given)) finishTaking(turn, handover);
  }
}

/** The peer has heard what was said in this stage and is at no hand-over: it broke off, or stood still meanwhile. */
function isGivenUp(
  state: NodeState,
  { stage, sinceSequence }: Handover,
  { handover, hears }: NodeView,
): boolean {
  if ((stage !== "awaiting" && stage !== "given") || handover !== "none") return false;
  return hears?.generation === state.setup.generation && hears.sequence >= sinceSequence;
}

function acquire(turn: Turn, handover: Handover, giver: string): void {
  log(turn, WORDS.standbyAcquire(handover.scope, giver));
  advance(turn, handover, "acquiring");
  const { claim } = turn.state;
  changeClaim(turn, { ...claim, sides: either(claim.sides, givenBy(turn.state, handover)) }, "handover");
}

function finishTaking(turn: Turn, handover: Handover): void {
  log(turn, WORDS.acquisitionDone(handover.scope));
  send(turn, { type: "ask_resources", scope: handover.scope, step: "done" });
  // A real node calls us in flux until we say that we are stable, also when it had nothing to give and nothing is new.
  setSelf(turn, { saidHolding: "" });
  finish(turn, handover);
}

function finishGiving(turn: Turn, handover: Handover): void {
  log(turn, WORDS.otherCompleted(handover.scope));
  finish(turn, handover);
}

/** An operator's wish and a completed failback both end the offer to a returned peer; what ipfail gave us begins one. */
function finish(turn: Turn, handover: Handover): void {
  recordHandover(turn, "done", handover);
  const peer = partnerOf(turn.state);
  end(turn);
  const failbackDue = handover.role === "taker" && handover.cause === "ipfail";
  if (peer !== undefined) setPeer(turn, { ...peer, failbackDue });
  answerOperator(turn, handover);
}

function expire(turn: Turn, { stage, deadline }: Handover, peer: string): void {
  if (nowOf(turn) < deadline) return;
  const waited = stage === "asked" || stage === "requested";
  const why = waited ? `${peer} did not answer within ${ANSWER_WITHIN / 1000} s` : `${stage} took too long`;
  abortHandover(turn, why);
}

/** Ends a hand-over without result; what was already released or claimed stays so. */
export function abortHandover(turn: Turn, why: string): void {
  const { handover } = turn.state;
  if (handover === undefined) return;
  recordHandover(turn, "failed", handover, why);
  log(turn, WORDS.handoverFailed(why));
  end(turn);
  answerOperator(turn, handover, why);
}

/** The peer shows that it is still at it. */
export function handoverAlive(turn: Turn): void {
  const { handover } = turn.state;
  if (handover !== undefined) turn.state = { ...turn.state, handover: alive(handover, nowOf(turn)) };
}

/** What changes hands. */
function givenBy(state: NodeState, { role, scope }: Handover): Sides {
  const giver = role === "giver" ? state.setup.self : (partnerOf(state)?.name ?? "");
  return sidesOf(scope, giver, state.cluster);
}

function begin(turn: Turn, handover: Omit<Handover, "sinceSequence">): void {
  if (turn.state.handover === undefined) recordHandover(turn, "begun", handover);
  const sinceSequence = turn.state.self.outbox.next;
  turn.state = { ...turn.state, handover: { ...handover, sinceSequence } };
}

function advance(turn: Turn, handover: Handover, stage: Handover["stage"]): void {
  begin(turn, proceeding(handover, stage, partnerOf(turn.state)?.kind ?? "unknown", nowOf(turn)));
}

function end(turn: Turn): void {
  const { handover: _, ...rest } = turn.state;
  turn.state = rest;
}

function answerOperator(turn: Turn, { operator }: Handover, error?: string): void {
  if (operator !== undefined) answer(turn, operator, error);
}
