// How many ping nodes a node reaches, a group counting one: known of oneself, and said to the other node with every status
// message in a text field of its own, which real heartbeat nodes and other versions ignore. A real node's ipfail tells
// its number by messages instead (ipfail.ts). A ping node that has just missed answers is in doubt: it may be failing for
// both nodes at this moment, so it counts for nobody's advantage.

import type { NodeState } from "../node.ts";
import type { Peer } from "./membership.ts";
import type { Field } from "./message.ts";

export interface Reach {
  /** Ping nodes that are not dead. */
  readonly count: number;
  /** Those of them that are not in doubt. */
  readonly sure: number;
  /** Of the ping nodes counted; absent when only the number is known. */
  readonly names?: readonly string[];
}

export const REACH_FIELD = "pulsebox-ping";

const NOBODY = "-";
const DOUBT = "?";
const NAME = /^[\w.:-]{1,100}\??$/;
const MOST_NAMES = 1000;

/** A ping node answers every keepalive; after two without an answer, and this many ms for the way, it is in doubt. */
const WAY = 20;

export function ownReach({ pingNodes, cluster }: NodeState, now: number): Reach {
  const names = pingNodes.nodes.filter(({ status }) => status === "ping");
  const sure = names.filter(({ silentFrom }) => now - silentFrom <= 2 * cluster.heartbeat.keepalive + WAY);
  return { count: names.length, sure: sure.length, names: names.map(({ name }) => name) };
}

/** For a status message sent at `now`; nothing when the cluster file has no ping nodes. */
export function reachFields(state: NodeState, now: number): readonly Field[] {
  const { pingNodes, cluster } = state;
  if (pingNodes.nodes.length === 0) return [];
  const late = now - 2 * cluster.heartbeat.keepalive - WAY;
  const names = pingNodes.nodes
    .filter(({ status }) => status === "ping")
    .map(({ name, silentFrom }) => (silentFrom < late ? `${name}${DOUBT}` : name));
  return [{ name: REACH_FIELD, value: names.join(" ") || NOBODY }];
}

/** Undefined for anything that `reachFields` would not have written. */
export function parseReach(text: string): Reach | undefined {
  const words = text === NOBODY ? [] : text.split(" ");
  if (words.length > MOST_NAMES || !words.every((word) => NAME.test(word))) return undefined;
  const sure = words.filter((word) => !word.endsWith(DOUBT)).length;
  return { count: words.length, sure, names: words.map((word) => word.replace(DOUBT, "")) };
}

/**
 * Which of the two nodes reaches fewer ping nodes beyond doubt; `neither` also while that is in doubt. Undefined when ipfail
 * is off, or the peer has not said what it reaches, or is not active: its network may still be coming up.
 */
export function worseNode(
  state: NodeState,
  peer: Peer | undefined,
  now: number,
): "self" | "peer" | "neither" | undefined {
  if (!state.cluster.heartbeat.ipfail || peer?.reach === undefined || peer.status !== "active")
    return undefined;
  const own = ownReach(state, now);
  if (peer.reach.sure > own.count) return "self";
  return own.sure > peer.reach.count ? "peer" : "neither";
}

/** "192.168.140.1, uplink"; "none"; "2 of them" when the names are not known. */
export function reachWords({ count, names }: Reach): string {
  if (count === 0) return "none";
  return names === undefined ? `${count} of them` : names.join(", ");
}
