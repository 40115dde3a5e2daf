// A partition in one direction at a time: a node's frames to the other go to a hardware address that nobody has (a permanent
// entry of the neighbour table, ip-neighbour(8)), as behind a switch that has lost its way. Links stay up, carriers stay,
// and clients on another segment notice nothing. For ucast media on eth1.

import type { Director } from "./cluster.ts";

export const ucastOnEth1: readonly string[] = [
  "ucast: { interface: eth1, peer: 10.78.0.1 }",
  "ucast: { interface: eth1, peer: 10.78.0.2 }",
];

const nobody = "02:00:00:00:00:99";

/** Nothing that `from` sends is heard any more. */
export async function silence(from: Director): Promise<void> {
  await from.namespace.run([
    ...["ip", "neigh", "replace", otherAddress(from), "lladdr", nobody],
    ...["dev", "eth1", "nud", "permanent"],
  ]);
}

/** `from` is heard again. */
export async function unsilence(from: Director): Promise<void> {
  await from.namespace.run(["ip", "neigh", "del", otherAddress(from), "dev", "eth1"]);
}

function otherAddress(from: Director): string {
  return from.name === "director1" ? "10.78.0.2" : "10.78.0.1";
}
