// This node's own life: init until what an earlier start left is released, up, active as soon as every peer was heard
// or is known to be dead; what being held up means; and the orderly end.

import { record } from "../decision.ts";
import { type Ending, nextWake } from "../node.ts";
import { changeClaim, presentAddresses } from "../resource/acquisition.ts";
import { hasPrograms, isStuck, presentSides } from "../resource/groups.ts";
import { RESOURCE_WORDS } from "../resource/log-words.ts";
import { isNone } from "../resource/sides.ts";
import { clientsRun, stopClients } from "../respawn.ts";
import { log, nowOf, send, setPeer, setSelf, type Turn, transmit } from "../turn.ts";
import { abortHandover } from "./handshake.ts";
import { createInbox, duplicateWindow, tick } from "./inbox.ts";
import { linksDown, silentLinks } from "./links.ts";
import { WORDS } from "./log-words.ts";
import { awaited, deathAt, died, doubted, isAlive, type Peer } from "./membership.ts";
import { text } from "./message.ts";
import { abortMove } from "./moves.ts";
import { NO_CLAIM } from "./ownership.ts";
import { awaitPingNodes, knowsPingNodes } from "./ping-nodes.ts";

/**
 * A node that comes so many ms too late may have unread frames: it calls nobody dead before it has had `READ_WITHIN` ms to
 * read them. One that was held up for longer than a keepalive gets another keepalive.
 */
const LATE = 20;
const READ_WITHIN = 30;
/** The orderly end may take so long, ms; then it ends without the word that would let a peer take over at once. */
const END_WITHIN = 10_000;
/** The last word cannot be asked for again, so it is sent several times, ms apart; a real node acts on each new number. */
const SHUTDONES = 3;
const SHUTDONE_PAUSE = 50;

export function begin(turn: Turn): void {
  const { setup, cluster, peers, self } = turn.state;
  if (self.started) return;
  const now = nowOf(turn);
  const { keepalive, initdead, deadtime } = cluster.heartbeat;
  setSelf(turn, { started: true, lastStatus: now - keepalive });
  for (const peer of peers.values()) {
    const position = setup.positions?.get(peer.name);
    const inbox = createInbox({
      peer: peer.name,
      duplicateWindow: duplicateWindow(deadtime, setup.media),
      draw: turn.event.draw,
      ...(position && { position }),
    });
    setPeer(turn, {
      ...awaited(peer, now, initdead),
      inbox,
      ...(position && { kept: { ...position, at: now } }),
    });
  }
  awaitPingNodes(turn);
  record(turn, { what: "started" });
  log(turn, WORDS.generation(setup.generation));
  log(turn, WORDS.localStatus("init"));
  for (const group of cluster.resources) {
    for (const { kind, word } of group.resources) {
      if (kind === "traffic") log(turn, WORDS.skippedResource(group.node, word));
    }
  }
}

/** Looks at the clock before anything else: a node that was stopped must not go on as if nothing had happened. */
export function noticeDelay(turn: Turn): void {
  const { self, cluster } = turn.state;
  const now = nowOf(turn);
  const { keepalive, deadtime } = cluster.heartbeat;
  if (!self.started) return;
  const late = now - (nextWake(turn.state) ?? now);
  // A node that is always late must call a dead peer dead all the same.
  const again = now < self.graceUntil + keepalive;
  if (late > keepalive) setSelf(turn, { graceUntil: now + keepalive });
  else if (late > LATE && !again) setSelf(turn, { graceUntil: now + READ_WITHIN });
  if (now - self.lastStatus > deadtime && self.phase === "running") rejoin(turn, now - self.lastStatus);
}

/** The others must have called us dead: release, forget what they said, and wait until each is heard again or silent too long. */
function rejoin(turn: Turn, ms: number): void {
  const { peers, cluster, self } = turn.state;
  if (peers.size === 0) return;
  const { deadtime } = cluster.heartbeat;
  record(turn, { what: "stood-still", ms });
  log(turn, WORDS.stalled(ms, deadtime));
  abortHandover(turn, "this node did not run");
  abortMove(turn, "this node did not run");
  changeClaim(turn, NO_CLAIM, "start");
  for (const peer of peers.values()) {
    setPeer(turn, doubted(peer, nowOf(turn), Math.max(deadtime, peer.deadtime)));
  }
  setSelf(turn, { sinceSequence: self.outbox.next });
  send(turn, { type: "starting" });
}

/** The silence of links and of peers, and the holes in what was heard. */
export function noticeSilence(turn: Turn): void {
  for (const peer of turn.state.peers.values()) noticeSilenceOf(turn, peer);
}

function noticeSilenceOf(turn: Turn, before: Peer): void {
  const { self, setup, cluster } = turn.state;
  const now = nowOf(turn);
  const silent = now < self.graceUntil ? [] : silentLinks(before.links, before.deadtime, now);
  const peer = silent.length > 0 ? linksDead(turn, before, silent) : before;
  const { inbox, replies } = tick(peer.inbox, now);
  if (inbox !== peer.inbox) setPeer(turn, { ...peer, inbox });
  for (const reply of replies) send(turn, reply);
  const death = deathAt(peer, self.graceUntil);
  if (death === undefined || now < death) return;
  const rule = peer.lastHeard === undefined && peer.patience === cluster.heartbeat.initdead;
  record(turn, { what: "dead", node: peer.name, rule: rule ? "initdead" : "deadtime" });
  log(turn, WORDS.dead(peer.name));
  const heldNothing = peer.view === undefined ? peer.status === "unknown" : isNone(peer.view.claim);
  if (heldNothing) log(turn, WORDS.heldNothing(peer.name));
  const fenced = cluster.nodes.some(({ name, fencing }) => name === peer.name && fencing !== undefined);
  if (setup.media.length > 0 && !fenced) log(turn, WORDS.noStonith());
  setPeer(turn, died(turn.state.peers.get(peer.name) ?? peer));
}

/** Marks every peer's links over `media` dead, which by itself decides nothing. */
export function markDead(turn: Turn, media: readonly string[]): void {
  for (const peer of turn.state.peers.values()) linksDead(turn, peer, media);
}

function linksDead(turn: Turn, peer: Peer, media: readonly string[]): Peer {
  for (const { id, link } of turn.state.setup.media) {
    if (media.includes(id) && peer.links.get(id)?.up) log(turn, WORDS.linkDead(peer.name, link));
  }
  const next = { ...peer, links: linksDown(peer.links, media) };
  setPeer(turn, next);
  return next;
}

/**
 * init -> up -> active, each as soon as it is true. Until a node has heard its ping nodes, or initdead is over, it takes nothing
 * from a living peer: its network may still be coming up. Without a peer nobody gains by its waiting.
 */
export function advanceStatus(turn: Turn): void {
  const { self, kernel, setup } = turn.state;
  const peers = [...turn.state.peers.values()];
  if (self.phase !== "starting" || !self.started) return;
  if (self.status === "init" && kernel.known && isNone(presentSides(turn.state))) {
    setSelf(turn, { status: "up" });
    record(turn, { what: "status", node: setup.self, from: "init", to: "up" });
    log(turn, WORDS.localStatus("up"));
  }
  const met = peers.every(({ status }) => status !== "unknown");
  const ready = met && (knowsPingNodes(turn.state) || !peers.some(isAlive));
  if (turn.state.self.status !== "up" || !ready) return;
  setSelf(turn, { status: "active", phase: "running" });
  record(turn, { what: "status", node: setup.self, from: "up", to: "active" });
  log(turn, WORDS.localStatus("active"));
  if (peers.some(isAlive)) send(turn, { type: "starting" });
}

/** The orderly end begins: everything is released, and the peer knows why. */
export function endOrderly(turn: Turn): void {
  const { self } = turn.state;
  if (self.phase === "stopping") return;
  if (!self.started) {
    finishEnd(turn);
    return;
  }
  const deadline = nowOf(turn) + END_WITHIN;
  record(turn, { what: "stopping" });
  abortHandover(turn, "this node is shutting down");
  abortMove(turn, "this node is shutting down");
  log(turn, WORDS.shutdownBegins());
  log(turn, WORDS.givingUpAll());
  setSelf(turn, { phase: "stopping" });
  changeClaim(turn, NO_CLAIM, "start");
  turn.state = { ...turn.state, ending: { deadline, shutdones: 0, nextAt: deadline } };
  send(turn, { type: "resource", holds: "none", stable: false, reason: "shutdown" });
}

export function advanceEnd(turn: Turn): void {
  const { ending, kernel, self } = turn.state;
  if (ending === undefined || self.phase !== "stopping") return;
  const now = nowOf(turn);
  const released = kernel.known && isNone(presentSides(turn.state));
  if (!released) {
    awaitRelease(turn, ending);
    return;
  }
  const { deadline, shutdones, nextAt = now } = ending;
  if (shutdones === 0) log(turn, WORDS.relinquished());
  stopClients(turn);
  if (shutdones > 0 && now < nextAt) return;
  if (shutdones >= SHUTDONES) {
    if (!clientsRun(turn.state.clients)) finishEnd(turn);
    else if (ending.nextAt !== undefined) turn.state = { ...turn.state, ending: { deadline, shutdones } };
    return;
  }
  sayShutdone(turn);
  const next = { deadline, shutdones: shutdones + 1, nextAt: now + SHUTDONE_PAUSE };
  turn.state = { ...turn.state, ending: next };
}

/** Programs have timeouts of their own; what the kernel does not release in time is left behind without the last word. */
function awaitRelease(turn: Turn, ending: Ending): void {
  const now = nowOf(turn);
  const waitUntil = (at: number): void => {
    if (ending.deadline !== at)
      turn.state = { ...turn.state, ending: { ...ending, deadline: at, nextAt: at } };
  };
  if (hasPrograms(turn.state)) waitUntil(now + END_WITHIN);
  else if (isStuck(turn.state)) {
    if (Number.isFinite(ending.deadline)) log(turn, RESOURCE_WORDS.endBlocked());
    waitUntil(Number.POSITIVE_INFINITY);
  } else if (!Number.isFinite(ending.deadline)) waitUntil(now + END_WITHIN);
  else if (now >= ending.deadline) {
    log(turn, WORDS.shutdownUnfinished(presentAddresses(turn.state), END_WITHIN));
    finishEnd(turn);
  }
}

/** Once as a new message, then as copies of it. */
function sayShutdone(turn: Turn): void {
  const said = turn.state.self.outbox.history.find(({ message }) => text(message, "t") === "shutdone");
  if (said === undefined) send(turn, { type: "shutdone" });
  else transmit(turn, said.message);
}

function finishEnd(turn: Turn): void {
  setSelf(turn, { phase: "stopped" });
  record(turn, { what: "stopped" });
  log(turn, WORDS.shutdownComplete());
  turn.actions.push({ type: "stopped" });
}
