// What operators have ordered among three nodes or more: which node is to own which side, instead of the one that the
// file prefers. Every node repeats all orders that it knows with each status, and the one with the highest number counts,
// so that they spread without a leader and a lost message delays them only. An order ends with its owner's death, and
// when the preferred node returns (auto_failback).

import type { ClusterConfig } from "../config/cluster.ts";

export interface Order {
  /** Greater than that of the order before it. */
  readonly number: number;
  /** Absent: the order before it is withdrawn. */
  readonly owner?: string;
}

/** By side; a side without an entry was never ordered about. */
export type Orders = ReadonlyMap<string, Order>;

export function withOrder(orders: Orders, side: string, owner?: string): Orders {
  const number = (orders.get(side)?.number ?? 0) + 1;
  return new Map(orders).set(side, { number, ...(owner !== undefined && { owner }) });
}

/** What both know together; the same value when `theirs` has nothing new. */
export function merged(ours: Orders, theirs: Orders, cluster: ClusterConfig): Orders {
  const newer = [...theirs].filter(([side, order]) => isNewer(order, ours.get(side), cluster));
  return newer.length === 0 ? ours : new Map([...ours, ...newer]);
}

/** Of two with the same number, given at the same moment, every node prefers the same one. */
function isNewer(order: Order, than: Order | undefined, { nodes }: ClusterConfig): boolean {
  if (than === undefined || order.number !== than.number) return order.number > (than?.number ?? 0);
  const place = ({ owner }: Order): number => nodes.findIndex(({ name }) => name === owner);
  return place(order) < place(than);
}
