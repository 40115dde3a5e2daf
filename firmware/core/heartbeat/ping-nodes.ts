// Ping nodes and ping groups as ha.cf(5) has them: routers or switches that are asked once in every keepalive and show whether
// a node's network works. As heartbeat does, a node sends them a message that it has signed itself, and hears from them as
// from a node: status `ping` while they answer, dead after `deadping`, initdead right after the start. A group is one
// ping node that answers when any of its members does. Only the answer to a recent question of this life counts, once.

import type { Address, ClusterConfig } from "../config/cluster.ts";
import { record } from "../decision.ts";
import type { NodeState } from "../node.ts";
import type { PingNodeSnapshot } from "../snapshot.ts";
import { log, nowOf, type Turn } from "../turn.ts";
import { decodeFrame, encodeNetstring } from "./frame.ts";
import { WORDS } from "./log-words.ts";
import { type Message, text } from "./message.ts";

export interface PingNode {
  /** The address, or the name of the group. */
  readonly name: string;
  readonly members: readonly Address[];
  readonly status: PingNodeSnapshot["status"];
  /** Silence is counted from here, monotonic ms: the last answer, or when the waiting began. */
  readonly silentFrom: number;
  /** After so many ms of silence it is dead: initdead at first, then deadping. */
  readonly patience: number;
  readonly lastHeard?: number;
}

export interface PingNodes {
  readonly nodes: readonly PingNode[];
  /** When everybody was last asked, monotonic ms, and how often so far. */
  readonly lastRound: number;
  readonly rounds: number;
  /** The latest round that each address has answered. */
  readonly answered: ReadonlyMap<Address, number>;
}

export function createPingNodes({ heartbeat }: ClusterConfig): PingNodes {
  const { ping, pingGroups } = heartbeat;
  const single = ping.map((address) => ({ name: address, members: [address] }));
  const nodes = [...single, ...pingGroups].map(
    ({ name, members }): PingNode => ({
      name,
      members,
      status: "unknown",
      silentFrom: 0,
      patience: Number.POSITIVE_INFINITY,
    }),
  );
  return { nodes, lastRound: 0, rounds: 0, answered: new Map() };
}

/** Waiting begins. */
export function awaitPingNodes(turn: Turn): void {
  const { pingNodes, cluster } = turn.state;
  const { keepalive, initdead } = cluster.heartbeat;
  const now = nowOf(turn);
  const nodes = pingNodes.nodes.map((node) => ({ ...node, silentFrom: now, patience: initdead }));
  turn.state = { ...turn.state, pingNodes: { ...pingNodes, nodes, lastRound: now - keepalive } };
}

/** Each of them was heard or is dead by now. */
export function knowsPingNodes({ pingNodes }: NodeState): boolean {
  return pingNodes.nodes.every(({ status }) => status !== "unknown");
}

/** When the next round is due; undefined when there is nobody to ask. */
export function nextRound({ pingNodes, cluster }: NodeState): number | undefined {
  return pingNodes.nodes.length === 0 ? undefined : pingNodes.lastRound + cluster.heartbeat.keepalive;
}

/** When the next one will have been silent too long. */
export function pingDeadline({ pingNodes, self }: NodeState): number | undefined {
  const living = pingNodes.nodes.filter(({ status }) => status !== "dead");
  if (living.length === 0) return undefined;
  return Math.max(self.graceUntil, Math.min(...living.map(silentUntil)));
}

function silentUntil({ silentFrom, patience }: PingNode): number {
  return silentFrom + patience;
}

/** Calls dead who was silent too long, and asks everybody when it is time. */
export function advancePingNodes(turn: Turn): void {
  const now = nowOf(turn);
  const deadline = pingDeadline(turn.state);
  if (deadline !== undefined && now >= deadline) noticeSilence(turn, now);
  const round = nextRound(turn.state);
  if (round !== undefined && now >= round) ask(turn, now);
}

function noticeSilence(turn: Turn, now: number): void {
  const { pingNodes } = turn.state;
  const nodes = pingNodes.nodes.map((node): PingNode => {
    if (node.status === "dead" || now < silentUntil(node)) return node;
    log(turn, WORDS.dead(node.name));
    record(turn, { what: "ping-node", node: node.name, answers: false, silent: now - node.silentFrom });
    if (node.status === "ping") log(turn, WORDS.linkDead(node.name, node.name));
    return { ...node, status: "dead" };
  });
  turn.state = { ...turn.state, pingNodes: { ...pingNodes, nodes } };
}

function ask(turn: Turn, now: number): void {
  const { pingNodes, auth } = turn.state;
  const rounds = pingNodes.rounds + 1;
  for (const target of new Set(pingNodes.nodes.flatMap(({ members }) => members))) {
    const bytes = encodeNetstring(question(turn, target, rounds), auth);
    turn.actions.push({ type: "ping", target, bytes });
  }
  turn.state = { ...turn.state, pingNodes: { ...pingNodes, lastRound: now, rounds } };
}

/** heartbeat's message of a ping node, as if the node had sent it, with the round and our generation so that it is used once. */
function question(turn: Turn, target: Address, round: number): Message {
  const values = {
    t: "NS_st",
    st: "ping",
    info: "ping",
    src: target,
    seq: round.toString(16),
    hg: turn.state.setup.generation.toString(16),
    ts: turn.event.now.wall.toString(16),
  };
  return { fields: Object.entries(values).map(([name, value]) => ({ name, value })) };
}

/** Somebody has sent us an echo reply; it counts when it is what we asked `source` not long ago. */
export function onEcho(turn: Turn, source: Address, bytes: Uint8Array): void {
  const { pingNodes, auth, setup, cluster } = turn.state;
  const decoded = decodeFrame(bytes, auth);
  if (!decoded.ok) return;
  const field = (name: string): string => text(decoded.message, name) ?? "";
  const round = Number.parseInt(field("seq"), 16);
  const { keepalive, deadping } = cluster.heartbeat;
  const genuine = field("t") === "NS_st" && field("src") === source;
  const own = Number.parseInt(field("hg"), 16) === setup.generation;
  // Rounds are a keepalive apart at least.
  const recent = (pingNodes.rounds - round) * keepalive < deadping;
  if (!genuine || !own || !recent || round <= (pingNodes.answered.get(source) ?? 0)) return;
  const nodes = pingNodes.nodes.map((node) => (node.members.includes(source) ? heard(turn, node) : node));
  const answered = new Map(pingNodes.answered).set(source, round);
  turn.state = { ...turn.state, pingNodes: { ...pingNodes, nodes, answered } };
}

function heard(turn: Turn, node: PingNode): PingNode {
  const now = nowOf(turn);
  const { warntime, deadping } = turn.state.cluster.heartbeat;
  if (node.status !== "ping") {
    log(turn, WORDS.linkUp(node.name, node.name));
    log(turn, WORDS.statusUpdate(node.name, "ping"));
    record(turn, { what: "ping-node", node: node.name, answers: true });
  } else if (now - node.silentFrom > warntime) log(turn, WORDS.late(node.name, now - node.silentFrom));
  return { ...node, status: "ping", silentFrom: now, patience: deadping, lastHeard: now };
}
