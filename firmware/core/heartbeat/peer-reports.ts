// What a peer tells of itself: its status with each keepalive, what it holds, and its orderly end. Ours put their whole view into
// the status message; of a real heartbeat node the resource messages say what is known of it (hb_resource.c).

import { record } from "../decision.ts";
import { sidesOf } from "../resource/sides.ts";
import { log, peerNamed, send, setPeer, type Turn } from "../turn.ts";
import type { Known } from "./body.ts";
import { abortHandover, handoverAlive, onGiving } from "./handshake.ts";
import { WORDS } from "./log-words.ts";
import { died, type Peer } from "./membership.ts";
import { type Message, text } from "./message.ts";
import { parseReach, REACH_FIELD } from "./reach.ts";
import { sayHolding, viewOfRealNode } from "./report.ts";
import { parseView, VIEW_FIELD } from "./view.ts";

export function onStatus(turn: Turn, peer: Peer, message: Known<"status">, raw: Message): void {
  const sequence = message.trailer.seq ?? 0;
  if (sequence <= peer.statusSequence) return;
  const field = text(raw, VIEW_FIELD);
  const view = field === undefined ? undefined : parseView(field, peer.name, turn.state.cluster);
  const reach = parseReach(text(raw, REACH_FIELD) ?? "");
  if (message.status !== peer.status || peer.statusSequence === 0) {
    const from = peer.statusSequence === 0 ? "unknown" : peer.status;
    record(turn, { what: "status", node: peer.name, from, to: message.status });
    log(turn, WORDS.statusUpdate(peer.name, message.status));
  }
  if (view?.stable && !peer.view?.stable) log(turn, WORDS.remoteTransition());
  setPeer(turn, {
    ...peer,
    status: message.status,
    deadtime: message.deadtime,
    patience: message.deadtime,
    statusSequence: sequence,
    kind: view === undefined ? "heartbeat" : "pulsebox",
    ...(view !== undefined && { view }),
    ...(reach !== undefined && { reach }),
  });
  if (view !== undefined && view.handover !== "none") handoverAlive(turn);
  // A real node in an earlier state has not listened to our `starting`.
  if (view === undefined && message.status === "active" && peer.status !== "active") greet(turn);
}

function greet(turn: Turn): void {
  if (turn.state.self.phase === "running") send(turn, { type: "starting" });
}

/** The peer asks what we hold. */
export function onStarting(turn: Turn): void {
  if (turn.state.self.phase === "running") sayHolding(turn);
}

/** Of one of ours the status messages tell the same and more. */
export function onResource(turn: Turn, peer: Peer, message: Known<"resource">): void {
  const sequence = message.trailer.seq ?? 0;
  if (sequence <= peer.resourceSequence) return;
  const next = { ...peer, resourceSequence: sequence };
  if (message.reason === "shutdown") {
    record(turn, { what: "leaving", node: peer.name });
    log(turn, WORDS.shutdownNotice(peer.name));
    setPeer(turn, { ...next, leaving: true });
    abortHandover(turn, `${peer.name} is shutting down`);
    return;
  }
  setPeer(turn, next);
  if (message.reason === "standby") onGiving(turn);
  if (peer.kind === "pulsebox" || message.stable === undefined) return;
  if (message.stable && !peer.view?.stable) log(turn, WORDS.remoteTransition());
  const holds = sidesOf(message.holds, peer.name, turn.state.cluster);
  const view = viewOfRealNode(turn.state, peer.view, holds, message.stable);
  setPeer(turn, { ...next, view });
}

/** A real node tells by this that it called the named node dead and takes everything. */
export function onStonith(turn: Turn, peer: Peer, { node, result }: Known<"stonith">): void {
  const { setup } = turn.state;
  if (
    result === "bad" ||
    result === "badhost" ||
    node !== setup.self ||
    peer.kind !== "heartbeat" ||
    peer.view === undefined
  )
    return;
  setPeer(turn, { ...peer, view: { ...peer.view, alone: true } });
}

export function onShutdone(turn: Turn, peer: Peer): void {
  if (!peer.leaving) log(turn, WORDS.shutdownNotice(peer.name));
  record(turn, { what: "departed", node: peer.name });
  log(turn, WORDS.gaveUp(peer.name));
  abortHandover(turn, `${peer.name} has shut down`);
  setPeer(turn, { ...died(peerNamed(turn, peer.name)), departed: true });
}
