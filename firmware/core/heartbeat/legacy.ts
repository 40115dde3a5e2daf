// `auto_failback legacy`, heartbeat's oldest way of sharing resources (3.0.6 still has it, as the scripts req_resource,
// rc.d/ip-request and rc.d/ip-request-resp): every node has its own groups whenever it lives. A node that starts asks for each
// of them by its first word, whoever holds it releases it and says so, and the asking node takes it. There are no words for
// anything else: nobody tells what it holds, and nothing is moved by hand.

import type { ResourceGroupConfig } from "../config/cluster.ts";
import { type NodeState, partnerOf } from "../node.ts";
import { changeClaim } from "../resource/acquisition.ts";
import { presentSides } from "../resource/groups.ts";
import { either, without } from "../resource/sides.ts";
import { log, nowOf, send, type Turn } from "../turn.ts";
import { addressed } from "./body.ts";
import { WORDS } from "./log-words.ts";
import { isAlive, type Peer } from "./membership.ts";
import { settled } from "./ownership.ts";
import { hearsUs, peerMayHave } from "./report.ts";
import { isLegacy } from "./spoken.ts";

/** What was asked of the peer, and what it is still owed, in one life of it. */
export interface LegacyTalk {
  /** The peer's generation. */
  readonly generation: number;
  /** The keys of own groups that were asked for, and when last; monotonic ms. */
  readonly asked: ReadonlyMap<string, number>;
  /** Those that the peer has released or never had. */
  readonly answered: ReadonlySet<string>;
  /** Answers that wait until the group is released. */
  readonly owed: readonly Debt[];
}

interface Debt {
  readonly group: string;
  readonly owned: boolean;
}

export const NO_TALK: LegacyTalk = { generation: 0, asked: new Map(), answered: new Set(), owed: [] };

/** 3.0.6 asks once; a question that fell into the peer's own start is better asked again. Milliseconds. */
const ASK_AGAIN = 10_000;

/** What names a group between nodes: the first word of its line. */
function keyOf({ resources }: ResourceGroupConfig): string {
  return resources[0]?.word ?? "";
}

function ownKeys({ cluster, setup }: NodeState): readonly string[] {
  return cluster.resources.filter(({ node }) => node === setup.self).map(keyOf);
}

/** Asks for what is this node's own and not here, and answers what the peer has asked for. */
export function negotiateLegacy(turn: Turn, peer: Peer): void {
  const generation = peer.inbox.position?.generation ?? 0;
  if (turn.state.legacy.generation !== generation) setTalk(turn, { ...NO_TALK, generation });
  payDebts(turn, peer);
  const { claim, setup, legacy } = turn.state;
  if (claim.sides.has(setup.self)) {
    if (legacy.asked.size > 0) setTalk(turn, { asked: new Map(), answered: new Set() });
    return;
  }
  // Only an active node understands the question; one that is not yet active holds nothing for long.
  if (peer.status !== "active") return;
  if (isFree(turn.state, peer)) takeOwn(turn);
  else for (const key of openKeys(turn.state, peer)) ask(turn, key);
}

/** Own groups that may be at the peer: one of ours shows whether they are, a real node has to be asked. */
function openKeys(state: NodeState, peer: Peer): readonly string[] {
  const keys = ownKeys(state);
  if (peer.kind !== "pulsebox") return keys.filter((key) => !state.legacy.answered.has(key));
  return peer.view !== undefined && peerMayHave(peer.view).has(state.setup.self) ? keys : [];
}

function isFree(state: NodeState, peer: Peer): boolean {
  return openKeys(state, peer).length === 0 && (peer.kind !== "pulsebox" || hearsUs(state, peer));
}

function ask(turn: Turn, key: string): void {
  const { asked } = turn.state.legacy;
  const before = asked.get(key);
  if (before !== undefined && nowOf(turn) - before < ASK_AGAIN) return;
  setTalk(turn, { asked: new Map(asked).set(key, nowOf(turn)) });
  send(turn, { type: "ip-request", group: key });
}

function takeOwn(turn: Turn): void {
  const { claim, setup } = turn.state;
  setTalk(turn, { asked: new Map(), answered: new Set() });
  changeClaim(turn, { ...claim, sides: either(claim.sides, new Set([setup.self])) }, "start");
}

/** When to ask again; undefined when nothing was asked, or everything is answered. */
export function legacyDeadline(state: NodeState): number | undefined {
  const { legacy, claim, setup } = state;
  const peer = partnerOf(state);
  if (peer?.status !== "active" || claim.sides.has(setup.self)) return undefined;
  const open = openKeys(state, peer).map((key) => legacy.asked.get(key) ?? Number.NEGATIVE_INFINITY);
  return open.length === 0 ? undefined : Math.min(...open) + ASK_AGAIN;
}

/** The peer asks for a group: it is released, if it is here, and the answer follows when that is done. */
export function onIpRequest(turn: Turn, peer: Peer, group: string): void {
  const { self, cluster, claim, legacy } = turn.state;
  if (!isLegacy(turn.state) || !isAlive(peer) || self.phase === "stopping") return;
  if (legacy.owed.some((debt) => debt.group === group)) return;
  const sides = new Set(cluster.resources.filter((each) => keyOf(each) === group).map(({ node }) => node));
  const has = either(claim.sides, presentSides(turn.state));
  const owned = [...sides].some((side) => has.has(side));
  if ([...sides].some((side) => claim.sides.has(side))) {
    changeClaim(turn, settled({ ...claim, sides: without(claim.sides, sides) }), "handover");
  }
  const generation = peer.inbox.position?.generation ?? 0;
  const talk = legacy.generation === generation ? legacy : { ...NO_TALK, generation };
  setTalk(turn, { ...talk, owed: [...talk.owed, { group, owned }] });
}

function payDebts(turn: Turn, peer: Peer): void {
  const { legacy, cluster } = turn.state;
  const present = presentSides(turn.state);
  const isHere = ({ group }: Debt): boolean =>
    cluster.resources.some((each) => keyOf(each) === group && present.has(each.node));
  const due = legacy.owed.filter((debt) => !isHere(debt));
  if (due.length === 0) return;
  setTalk(turn, { owed: legacy.owed.filter(isHere) });
  for (const { group, owned } of due) {
    const to = addressed(peer.name, peer.inbox.uuid);
    send(turn, { type: "ip-request-resp", ...to, group, owned, ok: true });
  }
}

/** The peer has released the group, or never had it. */
export function onIpResponse(turn: Turn, group: string, owned: boolean, ok: boolean): void {
  const { legacy } = turn.state;
  if (!isLegacy(turn.state) || !legacy.asked.has(group)) return;
  log(turn, WORDS.ipResponse(group, ok, owned));
  if (ok) setTalk(turn, { answered: new Set([...legacy.answered, group]) });
}

/** Whether everything that was asked on either side is answered. */
export function isTalkedOut(state: NodeState): boolean {
  const { legacy, claim, setup } = state;
  return legacy.owed.length === 0 && (claim.sides.has(setup.self) || ownKeys(state).length === 0);
}

/** Nobody tells what it holds: the groups of an active peer that are not here are taken to be there. */
export function isPresumedThere(state: NodeState, peer: Peer, group: ResourceGroupConfig): boolean {
  return (
    isLegacy(state) &&
    peer.status === "active" &&
    group.node === peer.name &&
    !state.claim.sides.has(peer.name)
  );
}

function setTalk(turn: Turn, change: Partial<LegacyTalk>): void {
  turn.state = { ...turn.state, legacy: { ...turn.state.legacy, ...change } };
}
