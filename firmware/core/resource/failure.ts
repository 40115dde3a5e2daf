// What follows when an item fails: it is restarted in place a few times, with everything after it; then the group is given
// up on this node and its side offered to another node that is fit to take it. A group that has failed here is not started
// here again, and this node is not offered it, until an operator or time clears the mark: nothing goes to and fro.

import { record, type Transition } from "../decision.ts";
import { offerHandover } from "../heartbeat/handshake.ts";
import { isAlive, type Peer } from "../heartbeat/membership.ts";
import { hasSaidHolding, hearsUs, isStable } from "../heartbeat/report.ts";
import { isLegacy } from "../heartbeat/spoken.ts";
import { type NodeState, partnerOf } from "../node.ts";
import { log, nowOf, type Turn } from "../turn.ts";
import { type Failure, type GroupState, groupAt, isGivenUp, uncertain } from "./group-state.ts";
import { isReleased } from "./groups.ts";
import { type ItemPlace, itemAt, setGroup, setItem } from "./item-turn.ts";
import { possible } from "./kernel.ts";
import { RESOURCE_WORDS } from "./log-words.ts";
import { allSides, type Sides } from "./sides.ts";

/** Restarts are counted over so many ms. */
const HOUR = 3_600_000;
/** While nobody can take a failed group it is tried here again after so many ms. */
const RETRY = 60_000;
/** An offer that came to nothing is made again after so many ms, and the other node looked at so often. */
const OFFER_AGAIN = 30_000;
const LOOK_AGAIN = 1000;

/** A running item does not work. */
export function itemFailed(turn: Turn, place: ItemPlace, reason: string): void {
  const { config, resource, item } = itemAt(turn, place);
  const now = nowOf(turn);
  log(turn, RESOURCE_WORDS.failed(resource.word, reason));
  setItem(turn, place, { ...item, phase: "failed", reason });
  const { group } = groupAt(turn.state, place.index);
  const restarts = group.restarts.filter((at) => now - at < HOUR);
  const most = config.monitor?.restarts ?? 0;
  if (restarts.length >= most) {
    markFailed(turn, place, reason);
    return;
  }
  const restartFrom = Math.min(group.restartFrom ?? place.at, place.at);
  const words = config.resources.slice(restartFrom).map(({ word }) => word);
  recordFailure(turn, place, reason, "restart");
  log(turn, RESOURCE_WORDS.restarting(words, restarts.length + 1, most));
  setGroup(turn, place.index, { ...group, restartFrom, restarts: [...restarts, now] });
}

/** The group is given up on this node. */
export function markFailed(turn: Turn, place: ItemPlace, reason: string): void {
  const { index, at } = place;
  const { config, group } = groupAt(turn.state, index);
  const word = config.resources[at]?.word ?? "";
  const now = nowOf(turn);
  recordFailure(turn, place, reason, "give up");
  log(turn, RESOURCE_WORDS.givingUp(word));
  const failed: Failure = {
    reason: `${word} ${reason}`,
    trying: false,
    offered: group.failed?.offered ?? false,
    told: false,
    reconsiderAt: now,
    retryAt: now + RETRY,
    until: now + config.failureTimeout,
  };
  setGroup(turn, index, { ...group, failed });
}

/** What is still on its way down goes all the way before it comes up again. */
function risingAgain(group: GroupState): GroupState {
  const first = group.items.findIndex(({ phase }) => phase === "failed" || phase === "stopping");
  const items = group.items.map(({ reason: _, ...item }) => item);
  return { ...group, items, restarts: [], ...(first >= 0 && { restartFrom: first }) };
}

/** The failures of these sides are forgotten: their groups may be started here again. */
export function clearFailures(turn: Turn, sides: Sides): void {
  for (const [index, { node }] of turn.state.cluster.resources.entries()) {
    const { failed, ...group } = groupAt(turn.state, index).group;
    if (failed !== undefined && sides.has(node)) setGroup(turn, index, risingAgain(group));
  }
}

/** An operator has put things right: failures are forgotten, and what could not be stopped is looked at anew. */
export function cleanUp(turn: Turn): void {
  for (const [index, { items }] of turn.state.groups.entries()) {
    for (const [at, { phase }] of items.entries()) {
      if (phase !== "stuck") continue;
      setItem(turn, { index, at }, uncertain(itemAt(turn, { index, at }).resource));
    }
  }
  clearFailures(turn, allSides(turn.state.cluster));
}

/** These sides have come back from a node that cannot tell whether they failed there, too: no more offers to it. */
export function returned(turn: Turn, sides: Sides): void {
  const retryAt = nowOf(turn) + RETRY;
  for (const [index, { node }] of turn.state.cluster.resources.entries()) {
    const { group } = groupAt(turn.state, index);
    if (group.failed === undefined || !sides.has(node)) continue;
    setGroup(turn, index, { ...group, failed: { ...group.failed, trying: false, offered: true, retryAt } });
  }
}

/** The sides that this node should not be given. */
export function failedSides({ cluster, groups }: NodeState): Sides {
  const failed = cluster.resources.filter((_, index) => groups[index]?.failed !== undefined);
  return new Set(failed.map(({ node }) => node));
}

/** A group that was given up and released and is still claimed waits for somebody who takes it, or for another try. */
function isWaiting(state: NodeState, index: number): boolean {
  const { config, group } = groupAt(state, index);
  if (!isGivenUp(group) || !state.claim.sides.has(config.node)) return false;
  return isReleased(config, group, possible(state.kernel));
}

/** When the failure of the group is to be looked at again; monotonic ms. */
export function failureDeadline(state: NodeState, index: number): number | undefined {
  const { failed } = groupAt(state, index).group;
  if (failed === undefined) return undefined;
  return isWaiting(state, index) ? Math.min(failed.reconsiderAt, failed.until) : failed.until;
}

export function advanceFailures(turn: Turn): void {
  const now = nowOf(turn);
  for (const [index, { failed }] of turn.state.groups.entries()) {
    if (failed === undefined) continue;
    if (now >= failed.until) forget(turn, index);
    else if (isWaiting(turn.state, index) && now >= failed.reconsiderAt) reconsider(turn, index, failed);
  }
}

function forget(turn: Turn, index: number): void {
  const { failed: _, ...group } = groupAt(turn.state, index).group;
  log(turn, RESOURCE_WORDS.cleared(wordsOf(turn, index)));
  setGroup(turn, index, risingAgain(group));
}

function reconsider(turn: Turn, index: number, failed: Failure): void {
  const { config, group } = groupAt(turn.state, index);
  const { handover } = turn.state;
  const now = nowOf(turn);
  const change = (more: Partial<Failure>): void =>
    setGroup(turn, index, { ...group, failed: { ...failed, ...more } });
  const taker = failed.offered ? undefined : takerOf(turn.state, config.node);
  if (handover !== undefined || (taker !== undefined && !isStable(turn.state))) {
    change({ reconsiderAt: now + LOOK_AGAIN });
  } else if (taker !== undefined) {
    if (!hasSaidHolding(turn.state)) return;
    change({ offered: true, reconsiderAt: now + OFFER_AGAIN, retryAt: now + OFFER_AGAIN });
    log(turn, RESOURCE_WORDS.handingOver(config.node, taker.name, failed.reason));
    offerHandover(turn, config.node === turn.state.setup.self ? "local" : "foreign", "failure");
  } else if (now >= failed.retryAt) {
    log(turn, RESOURCE_WORDS.tryingAgain(wordsOf(turn, index)));
    setGroup(turn, index, risingAgain({ ...group, failed: { ...failed, trying: true, offered: false } }));
  } else {
    const wait = Math.round((failed.retryAt - now) / 1000);
    if (!failed.told) log(turn, RESOURCE_WORDS.noTaker(wordsOf(turn, index), wait));
    change({ told: true, reconsiderAt: now + LOOK_AGAIN });
  }
}

export function recordFailure(
  turn: Turn,
  place: ItemPlace,
  reason: string,
  then: Extract<Transition, { what: "failed" }>["then"],
): void {
  const resource = itemAt(turn, place).resource.word;
  record(turn, { what: "failed", group: wordsOf(turn, place.index), resource, reason, then });
}

export function wordsOf(turn: Turn, index: number): string {
  const { config } = groupAt(turn.state, index);
  return [config.node, ...config.resources.map(({ word }) => word)].join(" ");
}

/** The other node if it can be given the side: it is there, settled, and has not failed with it itself. */
function takerOf(state: NodeState, side: string): Peer | undefined {
  const peer = partnerOf(state);
  if (isLegacy(state) || !isAlive(peer) || peer.status !== "active" || peer.leaving) return undefined;
  const fit = peer.view?.stable === true && !peer.view.failed?.has(side) && hearsUs(state, peer);
  return fit ? peer : undefined;
}
