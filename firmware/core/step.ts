// The whole decision of a node, as one pure function: what happened in, what to do and the next state out.
// This page is its contents: each kind of event, and then what is true now, in the order in which it matters.

import type { Action } from "./action.ts";
import { answer } from "./answer.ts";
import type { Event } from "./event.ts";
import { advanceFencing, onFenceEnded } from "./heartbeat/fencing.ts";
import { advanceHandover } from "./heartbeat/handshake.ts";
import { advanceIpfail } from "./heartbeat/ipfail.ts";
import {
  advanceEnd,
  advanceStatus,
  begin,
  endOrderly,
  markDead,
  noticeDelay,
  noticeSilence,
} from "./heartbeat/lifecycle.ts";
import { WORDS } from "./heartbeat/log-words.ts";
import { negotiate } from "./heartbeat/negotiation.ts";
import { advancePingNodes, onEcho } from "./heartbeat/ping-nodes.ts";
import { keepPositions } from "./heartbeat/positions.ts";
import { onFrame } from "./heartbeat/reception.ts";
import { report } from "./heartbeat/report.ts";
import { isOver, type NodeState } from "./node.ts";
import { checkNode } from "./node-invariants.ts";
import { onOperator } from "./operator.ts";
import { onChangeFailed, onObserved, onRival, pursueClaim } from "./resource/acquisition.ts";
import { onProgramEnded } from "./resource/operation.ts";
import { onChecked } from "./resource/service-check.ts";
import { onClientEnded, startClients } from "./respawn.ts";
import { log, logRarely, type Turn } from "./turn.ts";

export interface Step {
  readonly state: NodeState;
  readonly actions: readonly Action[];
}

export function step(state: NodeState, event: Event): Step {
  const turn: Turn = { state, event, actions: [] };
  if (isOver(state.self)) {
    if (event.type === "operator") answerAfterEnd(turn, event.id);
    return { state, actions: turn.actions };
  }
  noticeDelay(turn);
  take(turn, event);
  if (turn.state.self.started && !isOver(turn.state.self) && turn.quiet !== true) settle(turn);
  checkNode(turn.state);
  return { state: turn.state, actions: turn.actions };
}

function take(turn: Turn, event: Event): void {
  switch (event.type) {
    case "start":
      begin(turn);
      break;
    case "tick":
      break;
    case "frame":
      if (turn.state.self.started) onFrame(turn, event.medium, event.source, event.bytes);
      break;
    case "echo":
      onEcho(turn, event.source, event.bytes);
      break;
    case "medium-error":
      logRarely(turn, `medium ${event.medium} ${event.error}`, WORDS.mediumError(event.medium, event.error));
      break;
    case "carrier":
      onCarrier(turn, event.interface, event.up);
      break;
    case "observed":
      onObserved(turn, event.addresses, event.routes);
      break;
    case "change-failed":
      onChangeFailed(turn, event.address, event.error);
      break;
    case "rival":
      onRival(turn, event.interface, event.address, event.mac);
      break;
    case "program-ended":
      onFenceEnded(turn, event.id, event.outcome, event.output);
      onClientEnded(turn, event.id, event.outcome, event.output);
      onProgramEnded(turn, event.id, event.outcome, event.output);
      break;
    case "checked":
      onChecked(turn, event.id, event.ok, event.detail);
      break;
    case "operator":
      onOperator(turn, event.request, event.id);
      break;
    case "stop":
      endOrderly(turn);
      break;
    default:
      event satisfies never;
  }
}

/** One thing that becomes true may make the next one true; each pass that changes nothing is the last. */
const MOST_PASSES = 8;

function settle(turn: Turn): void {
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const before = turn.state;
    noticeSilence(turn);
    keepPositions(turn);
    advancePingNodes(turn);
    advanceStatus(turn);
    startClients(turn);
    advanceHandover(turn);
    advanceIpfail(turn);
    advanceFencing(turn);
    negotiate(turn);
    pursueClaim(turn);
    advanceEnd(turn);
    report(turn);
    if (turn.state === before || isOver(turn.state.self)) return;
  }
}

/** A lost carrier takes its links down at once; the peer's death is still a matter of its deadtime. */
function onCarrier(turn: Turn, name: string, up: boolean): void {
  log(turn, WORDS.carrier(name, up));
  const media = turn.state.setup.media.filter(({ link }) => link === name).map(({ id }) => id);
  if (!up) markDead(turn, media);
}

function answerAfterEnd(turn: Turn, id: number): void {
  const { phase } = turn.state.self;
  answer(turn, id, phase === "fenced" ? "this node is being reset" : "this node has shut down");
}
