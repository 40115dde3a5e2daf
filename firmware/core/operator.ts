// What operators ask of a node: its status, to forget what it remembers, to take new keys, and to move groups by hand. A
// move is the same handshake by which nodes move groups among themselves; it is answered when it is complete, or with the
// sentence that says why it cannot be.

import { answer, answerWithDecisions } from "./answer.ts";
import { record } from "./decision.ts";
import type { OperatorRequest, ResourceScope } from "./event.ts";
import { confirmFenced } from "./heartbeat/fencing.ts";
import { offerHandover, requestHandover } from "./heartbeat/handshake.ts";
import { isHeldBack } from "./heartbeat/held-back.ts";
import { isGone, type Peer } from "./heartbeat/membership.ts";
import { beginMove, sidesToMove } from "./heartbeat/moves.ts";
import { forgetPosition } from "./heartbeat/positions.ts";
import { ownReach, reachWords, worseNode } from "./heartbeat/reach.ts";
import { isStable } from "./heartbeat/report.ts";
import { isLegacy } from "./heartbeat/spoken.ts";
import { livingPeers, type NodeState, partnerOf } from "./node.ts";
import { reload } from "./reload.ts";
import { cleanUp, clearFailures } from "./resource/failure.ts";
import { both, includes, isNone, sidesOf } from "./resource/sides.ts";
import { nowOf, type Turn } from "./turn.ts";

type Move = Extract<OperatorRequest, { command: "takeover" | "standby" }>;

export function onOperator(turn: Turn, request: OperatorRequest, id: number): void {
  switch (request.command) {
    case "status":
      answer(turn, id);
      break;
    case "why":
      answerWithDecisions(turn, id, request.last);
      break;
    case "takeover":
    case "standby":
      move(turn, request, id);
      break;
    case "cleanup":
      record(turn, { what: "operator", request: "cleanup" });
      cleanUp(turn);
      answer(turn, id);
      break;
    case "reload":
      settle(turn, id, "reload", reload(turn, request.cluster));
      break;
    case "forget":
      settle(turn, id, `forget ${request.node}`, forgetPosition(turn, request.node));
      break;
    case "fenced":
      // Recorded with the fencing that it ends.
      answer(turn, id, confirmFenced(turn, request.node));
      break;
    default:
      request satisfies never;
  }
}

/** Answers what was done at once, and recorded then, or refused with an `error`. */
function settle(turn: Turn, id: number, request: string, error: string | undefined): void {
  if (error === undefined) record(turn, { what: "operator", request });
  answer(turn, id, error);
}

/** Answers what is refused at once; a move that begins is answered by its end. */
function move(turn: Turn, { command, scope }: Move, id: number): void {
  const error = refusal(turn.state, command, scope, nowOf(turn)) ?? begin(turn, { command, scope }, id);
  if (error !== undefined) answer(turn, id, error);
}

function begin(turn: Turn, { command, scope }: Move, id: number): string | undefined {
  record(turn, { what: "operator", request: `${command} ${scope}` });
  if (command === "takeover") clearFailures(turn, sidesOf(scope, turn.state.setup.self, turn.state.cluster));
  if (turn.state.peers.size > 1) return beginMove(turn, command, scope, id);
  if (command === "standby") offerHandover(turn, scope, "operator", id);
  else requestHandover(turn, scope, id);
  return undefined;
}

/** Why the move cannot be made now; undefined when it can. */
function refusal(
  state: NodeState,
  command: Move["command"],
  scope: ResourceScope,
  now: number,
): string | undefined {
  const { self, setup, claim, handover } = state;
  const peer = partnerOf(state);
  const meant = sidesOf(scope, setup.self, state.cluster);
  const resources = scope === "all" ? "resources" : `${scope} resources`;
  if (self.phase !== "running") return `${setup.self} is ${self.phase}`;
  if (isLegacy(state))
    return "auto_failback legacy has no words for moving resources by hand; on and off have";
  if (command === "takeover" && includes(claim.sides, meant)) {
    return `nothing to do: ${setup.self} owns ${resources} already`;
  }
  if (command === "standby" && isNone(both(claim.sides, meant)))
    return `nothing to do: ${setup.self} owns no ${resources}`;
  if (state.peers.size > 1) return refusalAmongMore(state, command, scope);
  if (peer === undefined) return "there is no other node";
  if (isGone(peer) || peer.status !== "active") return `peer ${peer.name} is not active, but ${peer.status}`;
  if (peer.leaving) return `peer ${peer.name} is shutting down`;
  const worse = worseNode(state, peer, now);
  if (worse === (command === "takeover" ? "self" : "peer")) return towardsWorse(state, peer, now);
  if (handover !== undefined) return `a hand-over of ${handover.scope} resources is in progress`;
  if (!isStable(state) || !peer.view?.stable)
    return "resources are in transition; try again when both nodes are stable";
  return undefined;
}

function towardsWorse(state: NodeState, { name, reach }: Peer, now: number): string {
  const there = reachWords(reach ?? { count: 0, sure: 0 });
  const here = reachWords(ownReach(state, now));
  return `ipfail keeps resources where more ping nodes are reached: ${name} reaches ${there}, this node ${here}`;
}

function refusalAmongMore(
  state: NodeState,
  command: Move["command"],
  scope: ResourceScope,
): string | undefined {
  const living = livingPeers(state);
  if (isNone(sidesToMove(state, command, scope))) return `nothing to do: there is no ${scope} group to move`;
  if (living.length === 0) return "no other node is active";
  if (command === "takeover" && isHeldBack(state, state.setup.self))
    return "ipfail keeps resources where more ping nodes are reached than here";
  if (state.move !== undefined) return "another move is in progress";
  if (!isStable(state) || !living.every(({ view }) => view?.stable))
    return "resources are in transition; try again when all nodes are stable";
  return undefined;
}
