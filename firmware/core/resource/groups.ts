// The resource groups of the cluster file as sides, and how far this node fulfils them. A group is held when everything it
// consists of is there and released when nothing is left: what happens in between comes as events, however long it takes.

import type { WantedAddress } from "../action.ts";
import type { Address, ClusterConfig, ResourceGroupConfig } from "../config/cluster.ts";
import type { NodeState } from "../node.ts";
import { type Course, courseOf, type Presence } from "./course.ts";
import { type GroupState, groupAt, type Item, isGivenUp, isProgram, itemOf } from "./group-state.ts";
import { possible } from "./kernel.ts";
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

/** The addresses that are where they should be. */
export function heldAddresses({ kernel, placements }: NodeState): ReadonlySet<Address> {
  const right = kernel.addresses.filter((have) => {
    const want = placements.get(have.address);
    return want?.interface === have.interface && want.prefixLength === have.prefixLength;
  });
  return new Set(right.map(({ address }) => address));
}

export function presenceIn(state: NodeState): Presence {
  const [held, may] = [heldAddresses(state), possible(state.kernel)];
  return { held: (address) => held.has(address), possible: (address) => may.has(address) };
}

/** How many of the group's items are to be there now, counted from the first. */
export function levelOf(state: NodeState, index: number): number {
  const { config, group } = groupAt(state, index);
  if (!state.claim.sides.has(config.node) || isGivenUp(group)) return 0;
  return group.restartFrom ?? config.resources.length;
}

export function courseIn(state: NodeState, index: number, presence = presenceIn(state)): Course {
  const { config, group } = groupAt(state, index);
  return courseOf(config, group, levelOf(state, index), presence);
}

/** The addresses this node wants on its interfaces now, in the order of acquisition. */
export function wantedAddresses(state: NodeState): readonly WantedAddress[] {
  const { cluster, kernel, placements } = state;
  const presence = presenceIn(state);
  return cluster.resources.flatMap(({ resources }, index) => {
    const { wanted, kept } = courseIn(state, index, presence);
    const addressAt = (at: number): Address | undefined => {
      const resource = resources[at];
      return resource?.kind === "address" ? resource.address : undefined;
    };
    const placed = wanted.map((at) => placements.get(addressAt(at) ?? ""));
    const left = kept.flatMap((at) => kernel.addresses.filter(({ address }) => address === addressAt(at)));
    return [...placed.filter((each) => each !== undefined), ...left.map((each) => ({ label: "", ...each }))];
  });
}

/** Nothing of the group is here any more. */
export function isReleased(
  config: ResourceGroupConfig,
  group: GroupState,
  may: ReadonlySet<Address>,
): boolean {
  return config.resources.every((resource, at) =>
    resource.kind === "address" ? !may.has(resource.address) : itemOf(group, at).phase === "stopped",
  );
}

/** The sides of which anything is here, or may be. */
export function presentSides(state: NodeState): Sides {
  const may = possible(state.kernel);
  const found = state.cluster.resources.filter(
    (config, index) => !isReleased(config, groupAt(state, index).group, may),
  );
  return new Set(found.map(({ node }) => node));
}

/** Everything of the group is here, or it has failed and nothing of it is. */
function isSettled(state: NodeState, index: number, { held, possible: may }: Presence): boolean {
  const { config, group } = groupAt(state, index);
  const givenUp = isGivenUp(group);
  return config.resources.every((resource, at) => {
    if (resource.kind === "address") return givenUp ? !may(resource.address) : held(resource.address);
    if (!isProgram(resource)) return true;
    return itemOf(group, at).phase === (givenUp ? "stopped" : "running");
  });
}

/** The sides of `claim` in whose groups nothing remains to be done. */
export function completeSides(state: NodeState, claim: Sides): Sides {
  const presence = presenceIn(state);
  const lacking = state.cluster.resources.filter((_, index) => !isSettled(state, index, presence));
  return without(claim, new Set(lacking.map(({ node }) => node)));
}

function someItem({ groups }: NodeState, holds: (item: Item) => boolean): boolean {
  return groups.some(({ items }) => items.some(holds));
}

/** A program of a resource runs, or one is to be tried again. */
export function hasPrograms(state: NodeState): boolean {
  return someItem(state, ({ run, phase }) => run !== undefined || phase === "stopping");
}

/** Something could not be stopped. */
export function isStuck(state: NodeState): boolean {
  return someItem(state, ({ phase }) => phase === "stuck");
}
