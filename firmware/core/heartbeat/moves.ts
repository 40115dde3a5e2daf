// Standby and takeover in a cluster of three nodes or more: an order (orders.ts) that names another owner, watched until
// that one owns what was meant, and answered then or with what came between.

import { answer } from "../answer.ts";
import type { ResourceScope } from "../event.ts";
import { livingPeers, type NodeState } from "../node.ts";
import { completeSides, presentSides } from "../resource/groups.ts";
import { both, either, includes, isNone, type Sides, sidesOf, without } from "../resource/sides.ts";
import { log, nowOf, type Turn } from "../turn.ts";
import { ableNodes, isInTouch, sidesInUse } from "./designation.ts";
import { WORDS } from "./log-words.ts";
import { type Order, type Orders, withOrder } from "./orders.ts";

export interface Move {
  /** The operator request to answer. */
  readonly operator: number;
  /** What was ordered, by side. */
  readonly orders: Orders;
  /** Without progress until then it has failed; monotonic ms. */
  readonly deadline: number;
}

/** Without any progress, ms; as for an unanswered hand-over between two nodes. */
const PROGRESS_WITHIN = 10_000;

/** The sides that the move is about; none when there is nothing to do. */
export function sidesToMove(state: NodeState, command: "takeover" | "standby", scope: ResourceScope): Sides {
  const { cluster, setup, claim } = state;
  const meant = both(sidesOf(scope, setup.self, cluster), sidesInUse(cluster));
  return command === "takeover" ? without(meant, claim.sides) : both(meant, claim.sides);
}

/** Gives the order; why not, when no other node can take what is to be given. */
export function beginMove(
  turn: Turn,
  command: "takeover" | "standby",
  scope: ResourceScope,
  operator: number,
): string | undefined {
  const { state } = turn;
  const { self } = state.setup;
  const sides = sidesToMove(state, command, scope);
  const owners = [...sides].map((side) => {
    if (command === "takeover") return [side, self] as const;
    const others = ableNodes(state, side, nowOf(turn)).filter(
      (name) => name !== self && isInTouch(state, name),
    );
    return [side, others[0]] as const;
  });
  if (owners.some(([, owner]) => owner === undefined)) return "no other node can take them";
  let { orders } = state;
  for (const [side, owner] of owners) orders = withOrder(orders, side, owner);
  const given: Orders = new Map([...orders].filter(([side]) => sides.has(side)));
  for (const [side, { owner = "" }] of given) log(turn, WORDS.ordered(side, owner));
  turn.state = {
    ...turn.state,
    orders,
    move: { operator, orders: given, deadline: nowOf(turn) + PROGRESS_WITHIN },
  };
  return undefined;
}

export function advanceMove(turn: Turn): void {
  const { move, orders } = turn.state;
  if (move === undefined) return;
  const open = [...move.orders].filter(([side, { owner }]) => !isDone(turn.state, side, owner ?? ""));
  const overtaken = open.find(([side, order]) => !isSame(order, orders.get(side)));
  if (open.length === 0) end(turn);
  else if (overtaken !== undefined)
    abortMove(turn, `the order about ${overtaken[0]}'s resources was overtaken`);
  else if (open.some(([side, { owner }]) => isUnderWay(turn.state, side, owner ?? ""))) prolong(turn);
  else if (nowOf(turn) >= move.deadline)
    giveUp(
      turn,
      open.map(([side]) => side),
    );
}

function isSame(order: Order, now: Order | undefined): boolean {
  return order.number === now?.number && order.owner === now.owner;
}

/** The owner has all of it and this node, unless it is the owner, nothing. */
function isDone(state: NodeState, side: string, owner: string): boolean {
  const { setup, claim, peers } = state;
  const wanted: Sides = new Set([side]);
  if (owner === setup.self) {
    return includes(completeSides(state, both(claim.sides, wanted)), wanted);
  }
  const view = peers.get(owner)?.view;
  return view?.stable === true && view.claim.has(side) && isNone(both(left(state), wanted));
}

/** Somebody is releasing it, or the new owner acquiring. */
function isUnderWay(state: NodeState, side: string, owner: string): boolean {
  const releasing = (claim: Sides, has: Sides): boolean => has.has(side) && !claim.has(side);
  if (releasing(state.claim.sides, left(state))) return true;
  if (livingPeers(state).some(({ view }) => view !== undefined && releasing(view.claim, view.has)))
    return true;
  const claim = owner === state.setup.self ? state.claim.sides : state.peers.get(owner)?.view?.claim;
  return claim?.has(side) === true;
}

/** What this node claims or has anything of. */
function left(state: NodeState): Sides {
  return either(state.claim.sides, presentSides(state));
}

function prolong(turn: Turn): void {
  const { move } = turn.state;
  const deadline = nowOf(turn) + PROGRESS_WITHIN;
  if (move !== undefined && move.deadline !== deadline)
    turn.state = { ...turn.state, move: { ...move, deadline } };
}

/** What was ordered and did not come about is ordered no longer. */
function giveUp(turn: Turn, open: readonly string[]): void {
  for (const side of open) turn.state = { ...turn.state, orders: withOrder(turn.state.orders, side) };
  abortMove(turn, `${open.join(" and ")}'s resources did not move within ${PROGRESS_WITHIN / 1000} s`);
}

/** Answers the operator that it was not carried out; the order stays unless it was withdrawn. */
export function abortMove(turn: Turn, why: string): void {
  if (turn.state.move === undefined) return;
  log(turn, WORDS.handoverFailed(why));
  end(turn, why);
}

function end(turn: Turn, error?: string): void {
  const { move, ...rest } = turn.state;
  if (move === undefined) return;
  turn.state = rest;
  answer(turn, move.operator, error);
}
