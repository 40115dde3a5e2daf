// Where a service address goes: interface, prefix, broadcast and label, chosen from the routes that the kernel has, as
// "Getting Started with Linux-HA" tells under "Selecting an Interface": the lowest cost route to the address, the prefix
// of that route, the highest address of the subnet as broadcast, the default route least preferred, the first one
// in a tie. Labels are those of heartbeat's IPaddr: "eth0:0", "eth0:1" … the first free number of the interface.

import type { WantedAddress } from "../action.ts";
import type { Address, ResourceConfig } from "../config/cluster.ts";
import { broadcastOf, contains, formatIp, hasBroadcast, parseIp } from "../config/ip.ts";
import type { ObservedAddress, ObservedRoute } from "../event.ts";

export type AddressResource = Extract<ResourceConfig, { kind: "address" }>;

/** What each service address was given, kept as long as it is wanted: a route that comes or goes never moves an address. */
export type Placements = ReadonlyMap<Address, WantedAddress>;

/** Undefined when no route leads to the address and the file names no interface. */
export function place(
  resource: AddressResource,
  routes: readonly ObservedRoute[],
  observed: readonly ObservedAddress[],
  taken: Placements,
): WantedAddress | undefined {
  const route = bestRoute(resource, routes);
  const name = resource.interface ?? route?.interface;
  if (name === undefined) return undefined;
  // A default route and one through a gateway tell the interface, but not the subnet that the address belongs to.
  const onLink = route !== undefined && route.prefixLength > 0 && route.gateway === undefined;
  const prefixLength =
    resource.prefixLength ?? (onLink ? route.prefixLength : resource.address.includes(":") ? 128 : 32);
  const broadcast = resource.broadcast ?? highestAddress(resource.address, prefixLength);
  return {
    interface: name,
    address: resource.address,
    prefixLength,
    ...(broadcast !== undefined && { broadcast }),
    label:
      resource.label === undefined
        ? labelFor(name, resource.address, observed, taken)
        : `${name}:${resource.label}`,
  };
}

function bestRoute(resource: AddressResource, routes: readonly ObservedRoute[]): ObservedRoute | undefined {
  const cost = (route: ObservedRoute): readonly number[] => [
    route.prefixLength === 0 ? 1 : 0,
    route.gateway === undefined ? 0 : 1,
    route.metric,
    -route.prefixLength,
  ];
  return routes
    .filter((route) => resource.interface === undefined || route.interface === resource.interface)
    .filter((route) => covers(route, resource.address))
    .map((route) => ({ route, cost: cost(route) }))
    .sort((a, b) => firstDifference(a.cost, b.cost))[0]?.route;
}

function covers(route: ObservedRoute, address: Address): boolean {
  const network = parseIp(route.destination);
  const ip = parseIp(address);
  return (
    network !== undefined &&
    ip !== undefined &&
    contains({ address: network, length: route.prefixLength }, ip)
  );
}

function highestAddress(address: Address, length: number): Address | undefined {
  const ip = parseIp(address);
  if (ip === undefined || !hasBroadcast({ address: ip, length })) return undefined;
  return formatIp(broadcastOf({ address: ip, length }));
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The label that the kernel already has for the address there, or the lowest free number. */
function labelFor(
  name: string,
  address: Address,
  observed: readonly ObservedAddress[],
  taken: Placements,
): string {
  const here = observed.find((each) => each.interface === name && each.address === address);
  if (here?.label?.startsWith(`${name}:`)) return here.label;
  const used = new Set([
    ...observed.map((each) => each.label),
    ...[...taken.values()].map((each) => each.label),
  ]);
  for (let number = 0; ; number++) {
    const label = `${name}:${number}`;
    if (!used.has(label)) return label;
  }
}
