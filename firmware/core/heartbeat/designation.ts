// Which node is to own a side in a cluster of three or more: the one that an operator has ordered; else its preferred node,
// else the next ones in the file's order, which goes round. With auto_failback off whoever owns it keeps it. Each node
// works this out from what it hears; that two may differ for a moment is why sharing.ts asks before it takes.

import type { ClusterConfig } from "../config/cluster.ts";
import { livingPeers, type NodeState } from "../node.ts";
import { failedSides } from "../resource/failure.ts";
import { NONE, type Sides } from "../resource/sides.ts";
import { isHeldBack } from "./held-back.ts";
import { isAlive } from "./membership.ts";

/** The sides that have groups. */
export function sidesInUse({ resources }: ClusterConfig): Sides {
  return new Set(resources.map(({ node }) => node));
}

/** How many places `node` stands behind the side's preferred node. */
export function rank({ nodes }: ClusterConfig, side: string, node: string): number {
  const place = (name: string): number => nodes.findIndex((each) => each.name === name);
  return (place(node) - place(side) + nodes.length) % nodes.length;
}

/** Undefined while nobody is able to own anything. `now` is monotonic ms. */
export function designated(state: NodeState, side: string, now: number): string | undefined {
  const { cluster, orders } = state;
  const able = ableNodes(state, side, now);
  const ordered = orders.get(side)?.owner;
  if (ordered !== undefined && able.includes(ordered)) return ordered;
  const owns = (node: string): boolean => claimOf(state, node).has(side);
  const owner = able.find(owns);
  if (cluster.heartbeat.autoFailback === "off" && owner !== undefined) return owner;
  return able.find((node) => owns(node) || isInTouch(state, node)) ?? able[0];
}

/** Who should own a side, best first: nodes where it has failed, or that ipfail holds back, only if there are no others. */
export function ableNodes(state: NodeState, side: string, now: number): readonly string[] {
  const willing = candidates(state, side, now);
  const fit = willing.filter((name) => !failedAt(state, name).has(side));
  const connected = fit.filter((name) => !isHeldBack(state, name));
  return [connected, fit].find(({ length }) => length > 0) ?? willing;
}

/** The nodes that may own a side, best first. */
export function candidates(state: NodeState, side: string, now: number): readonly string[] {
  return state.cluster.nodes
    .map(({ name }) => name)
    .filter((name) => isWilling(state, name, now))
    .sort((a, b) => rank(state.cluster, side, a) - rank(state.cluster, side, b));
}

/** Active, or about to be: one that has just come is waited for, but not longer than for a silent one. */
function isWilling(state: NodeState, name: string, now: number): boolean {
  const { setup, self, peers, cluster } = state;
  if (name === setup.self) return self.phase === "starting" || self.phase === "running";
  const peer = peers.get(name);
  if (!isAlive(peer) || peer.leaving || peer.view?.cluster?.leaving !== false) return false;
  return peer.status === "active" || now - (peer.metAt ?? 0) < cluster.heartbeat.deadtime;
}

export function claimOf({ setup, claim, peers }: NodeState, name: string): Sides {
  return name === setup.self ? claim.sides : (peers.get(name)?.view?.claim ?? NONE);
}

/** The sides of which a group has failed on the node. */
function failedAt(state: NodeState, name: string): Sides {
  if (name === state.setup.self) return failedSides(state);
  return state.peers.get(name)?.view?.failed ?? NONE;
}

/** It hears everybody whom anybody hears, and is heard: what it does not know of cannot be taken by it. */
export function isInTouch(state: NodeState, name: string): boolean {
  return [...present(state)].every(
    (other) => other === name || (hears(state, name, other) !== false && hears(state, other, name) !== false),
  );
}

/** This node, those that it hears, and those that they hear. */
function present(state: NodeState): ReadonlySet<string> {
  const { setup, peers } = state;
  const names = livingPeers(state).flatMap(({ name, view }) => [
    name,
    ...(view?.cluster?.hears.keys() ?? []),
  ]);
  return new Set([setup.self, ...names.filter((name) => peers.get(name)?.departed !== true)]);
}

/** Whether `one` hears `other`; undefined when that is not known. */
function hears({ setup, peers }: NodeState, one: string, other: string): boolean | undefined {
  if (one === setup.self) return isAlive(peers.get(other));
  return peers.get(one)?.view?.cluster?.hears.has(other);
}
