// From a frame to what it means for this node: is it genuine, is it a peer's, is it new, what does it say. Whatever is
// none of that is counted and ignored (RFC 1122's "be liberal" ends at the signature).

import { record } from "../decision.ts";
import type { NodeState } from "../node.ts";
import type { IgnoredFrames } from "../snapshot.ts";
import { log, logRarely, nowOf, peerNamed, send, setPeer, setSelf, type Turn } from "../turn.ts";
import { addressed, type KnownMessage } from "./body.ts";
import { abortHandover, onAsk, onTakeoverRequest } from "./handshake.ts";
import { type Inbox, onRefusal, type Reception, receive } from "./inbox.ts";
import { onIpfailMessage } from "./ipfail.ts";
import { onIpRequest, onIpResponse } from "./legacy.ts";
import { linkHeard } from "./links.ts";
import { WORDS } from "./log-words.ts";
import { heard, type Peer, restarted } from "./membership.ts";
import type { Message, Trailer } from "./message.ts";
import { HISTORY } from "./outbox.ts";
import { onResource, onShutdone, onStarting, onStatus, onStonith } from "./peer-reports.ts";
import { readFrame } from "./read-frame.ts";
import { resend } from "./retransmission.ts";
import { sendOn } from "./ring.ts";
import { isUnspoken } from "./spoken.ts";

export function onFrame(turn: Turn, medium: string, source: string, bytes: Uint8Array): void {
  const reading = readFrame(turn, bytes);
  if (!reading.ok) {
    ignore(turn, reading.reason, source, reading.detail);
    return;
  }
  const { message, raw } = reading;
  turn.message = message;
  const { trailer } = message;
  if (trailer === undefined) {
    ignore(turn, "malformed", source, "it has no valid trailer");
    return;
  }
  const { peers, setup } = turn.state;
  // A broadcast socket hears itself.
  if (trailer.src === setup.self && trailer.hg === setup.generation) return;
  const peer = peers.get(trailer.src);
  if (peer === undefined) {
    ignore(turn, "foreignNode", source, `node ${trailer.src} is not this node's peer`);
    return;
  }
  if (message.type === "invalid") ignore(turn, "malformed", source, message.detail);
  const reception = receive(peer.inbox, trailer, nowOf(turn), turn.event.draw);
  if (reception.verdict === "replayed") {
    if (isAskedForByAnother(turn.state, peer, trailer)) {
      setPeer(turn, { ...peer, ...sendOn(turn, peer, medium, raw, trailer) });
    } else if (!isOvertaken(peer, trailer, nowOf(turn))) {
      ignore(turn, "replayed", source, replayWords(peer, trailer));
    }
    return;
  }
  const met = isMet(peer.inbox, reception.inbox);
  const sentOn = sendOn(turn, peer, medium, raw, trailer);
  setPeer(turn, { ...peer, inbox: reception.inbox, ...sentOn, ...(met && { metAt: nowOf(turn) }) });
  // After its shutdone a generation has nothing more to say.
  if (peer.departed && !met) return;
  noteSignsOfLife(turn, peer.name, medium, reception);
  for (const reply of reception.replies) send(turn, reply);
  if (reception.verdict === "duplicate") {
    turn.quiet = turn.actions.length === 0;
    return;
  }
  if (message.type === "invalid" || message.type === "unknown") return;
  if (reception.evidence === "nothing" && isQuestion(message)) return;
  understand(turn, message, raw);
}

/** True when `after` is the first that was heard of that life of the peer in this life of ours. */
function isMet(before: Inbox, after: Inbox): boolean {
  if (before.position?.generation !== after.position?.generation) return true;
  return after.heard && !before.heard;
}

/** Just after a first meeting, copies that were overtaken on another medium look like replays. */
function isOvertaken({ metAt, deadtime, inbox }: Peer, { hg }: Trailer, now: number): boolean {
  return metAt !== undefined && now - metAt < deadtime && hg === inbox.position?.generation;
}

function replayWords({ name, inbox }: Peer, { hg = 0, seq }: Trailer): string {
  const known = inbox.position?.generation ?? 0;
  if (hg >= known) return `a replay of ${name}'s message ${seq ?? ""}`.trimEnd();
  return (
    `generation ${hg} of ${name} is over, ${known} was heard: a replay, ` +
    `or ${name} has lost its state and "pulsebox forget ${name}" lets it in`
  );
}

/** Among three nodes or more an old number may be what another node has missed, and is for that one to judge. */
function isAskedForByAnother({ peers }: NodeState, { inbox }: Peer, { hg, seq = 0 }: Trailer): boolean {
  const { generation, sequence = 0 } = inbox.position ?? {};
  return peers.size > 1 && hg === generation && seq > sequence - HISTORY;
}

/** A question that arrives by retransmission after more than a deadtime is no longer one. */
function isQuestion(message: KnownMessage): boolean {
  return message.type === "hb_takeover" || (message.type === "ask_resources" && message.step === "me");
}

function ignore(turn: Turn, reason: keyof IgnoredFrames, source: string, detail: string): void {
  const { ignored } = turn.state;
  turn.state = { ...turn.state, ignored: { ...ignored, [reason]: ignored[reason] + 1 } };
  logRarely(turn, `frame ${source}`, WORDS.ignored(source, detail));
}

function noteSignsOfLife(turn: Turn, name: string, medium: string, { verdict, evidence }: Reception): void {
  const now = nowOf(turn);
  if (verdict === "restarted") onRestart(turn, peerNamed(turn, name));
  if (evidence === "node") onHeard(turn, peerNamed(turn, name));
  const peer = peerNamed(turn, name);
  if (evidence === "nothing" || !peer.links.has(medium)) return;
  if (!peer.links.get(medium)?.up) {
    const link = turn.state.setup.media.find(({ id }) => id === medium)?.link ?? medium;
    log(turn, WORDS.linkUp(name, link));
  }
  setPeer(turn, { ...peer, links: linkHeard(peer.links, medium, now) });
}

/** A higher generation of a peer that was not called dead: its earlier life is over all the same. */
function onRestart(turn: Turn, peer: Peer): void {
  record(turn, { what: "restarted", node: peer.name });
  if (peer.status !== "dead") log(turn, WORDS.restarted(peer.name));
  abortHandover(turn, `${peer.name} restarted`);
  setPeer(turn, restarted(peerNamed(turn, peer.name)));
}

function onHeard(turn: Turn, peer: Peer): void {
  const { cluster, partitions } = turn.state;
  const now = nowOf(turn);
  if (peer.status === "dead" && peer.lastHeard !== undefined) {
    turn.state = { ...turn.state, partitions: partitions + 1 };
    record(turn, { what: "returned", node: peer.name });
    log(turn, WORDS.partition(peer.name, partitions + 1));
    log(turn, WORDS.deadtimeTooSmall());
    // What was said meanwhile it did not hear, and a real node does not ask: it has called us dead, too.
    setSelf(turn, { saidHolding: "" });
  } else if (peer.lastHeard !== undefined && now - peer.lastHeard > cluster.heartbeat.warntime) {
    log(turn, WORDS.late(peer.name, now - peer.lastHeard));
  }
  setPeer(turn, heard(peer, now));
}

function understand(turn: Turn, message: KnownMessage, raw: Message): void {
  const { self } = turn.state.setup;
  const { src, srcuuid } = message.trailer;
  const sender = addressed(src, srcuuid);
  if ("dest" in message && message.dest !== self) return;
  if (isUnspoken(turn.state, message.type)) {
    if (isQuestion(message)) log(turn, WORDS.noStandby());
    return;
  }
  switch (message.type) {
    case "status":
      onStatus(turn, peerNamed(turn, src), message, raw);
      break;
    case "starting":
      onStarting(turn);
      break;
    case "resource":
      onResource(turn, peerNamed(turn, src), message);
      break;
    case "ask_resources":
      onAsk(turn, message.scope, message.step, message.trailer.seq ?? 0);
      break;
    case "hb_takeover":
      onTakeoverRequest(turn, message.scope);
      break;
    case "stonith":
      onStonith(turn, peerNamed(turn, src), message);
      break;
    case "shutdone":
      onShutdone(turn, peerNamed(turn, src));
      break;
    case "reqnodes": {
      const nodes = turn.state.cluster.nodes.map(({ name }) => name);
      send(turn, { type: "repnodes", ...sender, nodes, deleted: [] });
      break;
    }
    case "addnode":
    case "delnode":
      // hb_addnode tells every node at once; one that reads its nodes from a file must not follow, or its file would be a lie.
      logRarely(turn, `node list of ${src}`, WORDS.nodeList(src, message.type, message.nodes));
      break;
    case "NS_rexmit":
      resend(turn, message, sender);
      break;
    case "NS_nak_rexmit":
      refused(turn, peerNamed(turn, src), message.trailer, message.sequence);
      break;
    case "ip-request":
      onIpRequest(turn, peerNamed(turn, src), message.group);
      break;
    case "ip-request-resp":
      onIpResponse(turn, message.group, message.owned, message.ok);
      break;
    // Acks bound the real node's history; ours is bounded anyway. Ping nodes answer by ICMP alone.
    case "NS_ackmsg":
    case "repnodes":
    case "NS_st":
      break;
    case "hbapi-clstat":
    case "num_ping_nodes":
    case "you_are_dead":
    case "abort_giveup":
      onIpfailMessage(turn, peerNamed(turn, src), message);
      break;
    default:
      message satisfies never;
  }
}

function refused(turn: Turn, peer: Peer, trailer: Trailer, sequence: number): void {
  setPeer(turn, { ...peer, inbox: onRefusal(peer.inbox, trailer, sequence) });
}
