// What the simulated boxes are joined by. A wire carries what one of its ends sends to all its others: a segment with
// broadcast or multicast has an end at every node, a unicast path and a serial cable have two. A ring of cables is no
// wire: that a frame goes round it is the cores' work.

import type { MediumSetup } from "../../../firmware/core/event.ts";

export interface WireEnd {
  readonly node: string;
  readonly medium: MediumSetup;
}

export interface Wire {
  readonly name: string;
  readonly ends: readonly WireEnd[];
  /** Bits per second of a serial cable, ten for each byte; absent: as fast as wanted. */
  readonly baud?: number;
}

export type Topology = readonly Wire[];

/** The fastest that heartbeat knows; nodes that send on what they hear need it at short keepalives. */
const BAUD = 460_800;

export function segment(kind: "bcast" | "mcast", link: string, nodes: readonly string[]): Topology {
  const id = kind === "bcast" ? `bcast ${link}` : `mcast ${link} 225.0.0.1`;
  return [{ name: id, ends: nodes.map((node) => ({ node, medium: { id, kind, link } })) }];
}

/** A path between each two nodes. */
export function unicast(link: string, nodes: readonly string[]): Topology {
  const end = (node: string, peer: number): WireEnd => ({
    node,
    medium: { id: `ucast ${link} 10.0.0.${peer + 1}`, kind: "ucast", link },
  });
  return pairs(nodes).map(([a, b]) => ({
    name: `ucast ${link} ${nodes[a]} ${nodes[b]}`,
    ends: [end(nodes[a] ?? "", b), end(nodes[b] ?? "", a)],
  }));
}

function pairs(nodes: readonly string[]): readonly (readonly [number, number])[] {
  return nodes.flatMap((_, a) => nodes.slice(a + 1).map((__, after) => [a, a + 1 + after] as const));
}

/** From each node's ttyS1 to the next one's ttyS0; two nodes get one cable. */
export function chain(nodes: readonly string[]): Topology {
  return nodes.slice(1).map((node, before) => cable(nodes[before] ?? "", node));
}

/** A chain whose ends are joined, too; two nodes get two cables. */
export function ring(nodes: readonly string[]): Topology {
  return [...chain(nodes), cable(nodes.at(-1) ?? "", nodes[0] ?? "")];
}

function cable(from: string, to: string): Wire {
  const end = (node: string, device: string): WireEnd => ({
    node,
    medium: { id: `serial /dev/${device}`, kind: "serial", link: `/dev/${device}` },
  });
  return { name: `cable ${from} ${to}`, ends: [end(from, "ttyS1"), end(to, "ttyS0")], baud: BAUD };
}

/** By the words that scripts and traces use. */
export const FORMS: Readonly<Record<string, (nodes: readonly string[]) => Topology>> = {
  "two-segments": (nodes) => [...segment("bcast", "eth1", nodes), ...segment("bcast", "eth0", nodes)],
  multicast: (nodes) => segment("mcast", "eth1", nodes),
  unicast: (nodes) => [...unicast("eth1", nodes), ...segment("bcast", "eth0", nodes)],
  ring,
  chain,
  "segment-and-ring": (nodes) => [...segment("bcast", "eth1", nodes), ...ring(nodes)],
};

/** The media of a node, each once, in the order of the wires. */
export function mediaOf(topology: Topology, node: string): readonly MediumSetup[] {
  const media = topology.flatMap(({ ends }) => ends.filter((end) => end.node === node));
  return [...new Map(media.map(({ medium }) => [medium.id, medium])).values()];
}
