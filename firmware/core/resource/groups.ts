// The resource groups of the cluster file as the two sides of the pair, and how far the kernel's addresses fulfil them.
// A group is held when everything it consists of is there and released when nothing is left: what happens in between
// comes as events, however long it takes. Only addresses act in this version.

import type { Address, ClusterConfig, ResourceGroupConfig } from "../config/cluster.ts";
import type { AddressResource } from "./placement.ts";
import { SIDES, type Side, type Sides } from "./sides.ts";

export function sideOf(group: ResourceGroupConfig, self: string): Side {
  return group.node === self ? "local" : "foreign";
}

export function addressesOf(group: ResourceGroupConfig): readonly AddressResource[] {
  return group.resources.filter((resource) => resource.kind === "address");
}

/** The address resources of the claimed sides, in the order of the file. */
export function claimedResources(
  cluster: ClusterConfig,
  self: string,
  claim: Sides,
): readonly AddressResource[] {
  return cluster.resources.filter((group) => claim[sideOf(group, self)]).flatMap(addressesOf);
}

/** Every service address of the cluster file, once, in its order: what plan() may touch. */
export function managedAddresses(cluster: ClusterConfig): readonly Address[] {
  return [...new Set(cluster.resources.flatMap(addressesOf).map(({ address }) => address))];
}

/** The sides that have any of the addresses `present`. */
export function presentSides(cluster: ClusterConfig, self: string, present: ReadonlySet<Address>): Sides {
  const has = (side: Side): boolean =>
    cluster.resources
      .filter((group) => sideOf(group, self) === side)
      .some((group) => addressesOf(group).some(({ address }) => present.has(address)));
  return { local: has("local"), foreign: has("foreign") };
}

/** The sides of `claim` of which every address is among `held`. */
export function completeSides(
  cluster: ClusterConfig,
  self: string,
  claim: Sides,
  held: ReadonlySet<Address>,
): Sides {
  const [local, foreign] = SIDES.map(
    (side) =>
      claim[side] &&
      cluster.resources
        .filter((group) => sideOf(group, self) === side)
        .every((group) => addressesOf(group).every(({ address }) => held.has(address))),
  );
  return { local: local === true, foreign: foreign === true };
}
