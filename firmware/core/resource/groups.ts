// The resource groups of the cluster file as sides, and how far the kernel's addresses fulfil them.
// A group is held when everything it consists of is there and released when nothing is left: what happens in between
// comes as events, however long it takes. Only addresses act in this version.

import type { Address, ClusterConfig, ResourceGroupConfig } from "../config/cluster.ts";
import type { AddressResource } from "./placement.ts";
import { type Sides, without } from "./sides.ts";

export function addressesOf(group: ResourceGroupConfig): readonly AddressResource[] {
  return group.resources.filter((resource) => resource.kind === "address");
}

/** The address resources of the claimed sides, in the order of the file. */
export function claimedResources(cluster: ClusterConfig, claim: Sides): readonly AddressResource[] {
  return cluster.resources.filter(({ node }) => claim.has(node)).flatMap(addressesOf);
}

/** Every service address of the cluster file, once, in its order: what plan() may touch. */
export function managedAddresses(cluster: ClusterConfig): readonly Address[] {
  return [...new Set(cluster.resources.flatMap(addressesOf).map(({ address }) => address))];
}

/** The sides that have any of the addresses `present`. */
export function presentSides({ resources }: ClusterConfig, present: ReadonlySet<Address>): Sides {
  const found = resources.filter((group) => addressesOf(group).some(({ address }) => present.has(address)));
  return new Set(found.map(({ node }) => node));
}

/** The sides of `claim` of which every address is among `held`. */
export function completeSides({ resources }: ClusterConfig, claim: Sides, held: ReadonlySet<Address>): Sides {
  const lacking = resources.filter((group) => !addressesOf(group).every(({ address }) => held.has(address)));
  return without(claim, new Set(lacking.map(({ node }) => node)));
}
