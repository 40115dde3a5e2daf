// The addresses of the nodes' interfaces, which a cluster file has and heartbeat's files have not: from this box itself, from
// whoever runs the conversion, and from ucast, which names the other end of each interface.

import { readWord } from "../config/haresources.ts";
import { contains, parseIp, parsePrefix } from "../config/ip.ts";
import type { ObservedAddress, ObservedRoute } from "../event.ts";
import type { Draft } from "./draft.ts";

/** The address of a node's interface. */
export interface Place {
  readonly node: string;
  readonly interface: string;
  /** "10.0.0.1/24" */
  readonly address: string;
  readonly gateway?: string;
}

/** What this box has, as the kernel tells it. */
export interface ThisBox {
  readonly hostName: string;
  readonly addresses: readonly ObservedAddress[];
  readonly routes: readonly ObservedRoute[];
}

export function addPlaces(draft: Draft, given: readonly Place[], box: ThisBox): void {
  for (const place of given) addPlace(draft, place);
  for (const place of placesOf(box, draft)) addPlace(draft, place);
  for (const place of otherEnds(draft)) addPlace(draft, place);
  for (const place of [...draft.places]) shareGateway(draft, place);
  for (const place of draft.places) nameAsPeer(draft, place);
}

/** Each node's own ha.cf may name only the other end; the one cluster file names both. */
function nameAsPeer({ peers, media }: Draft, { interface: name, address }: Place): void {
  const peer = address.replace(/\/.*/, "");
  const onIt = peers.filter((each) => each.interface === name);
  if (onIt.length === 0 || onIt.some((each) => each.address === peer)) return;
  media.push(`ucast: { interface: ${name}, peer: ${peer} }`);
}

/** The first one that is known of an interface stays. */
function addPlace(draft: Draft, place: Place): void {
  if (placeOf(draft, place.node, place.interface) === undefined) draft.places.push(place);
}

function placeOf({ places }: Draft, node: string, name: string): Place | undefined {
  return places.find((place) => place.node === node && place.interface === name);
}

function serviceAddresses({ groups }: Draft): readonly string[] {
  return groups
    .flatMap(({ words }) => words)
    .flatMap((word) => {
      const reading = readWord(word);
      return reading.ok && reading.resource.kind === "address" ? [reading.resource.address] : [];
    });
}

/** Of the interfaces that heartbeat's files name, and of those that a service address without an interface would go to. */
function placesOf({ hostName, addresses, routes }: ThisBox, draft: Draft): readonly Place[] {
  const node = hostName.toLowerCase();
  if (!draft.nodes.includes(node)) return [];
  const services = serviceAddresses(draft);
  return addresses
    .filter(({ address }) => !services.includes(address))
    .flatMap(({ interface: name, address, prefixLength }) => {
      const prefix = `${address}/${prefixLength}`;
      if (services.some((service) => isIn(service, prefix))) draft.interfaces.add(name);
      if (!draft.interfaces.has(name)) return [];
      const way = routes.find((route) => route.prefixLength === 0 && route.interface === name);
      return [{ node, interface: name, address: prefix, ...(way?.gateway && { gateway: way.gateway }) }];
    });
}

/** Where ucast names one peer more than there are nodes known on the interface, and one node less, they belong together. */
function otherEnds(draft: Draft): readonly Place[] {
  return [...draft.interfaces].flatMap((name) => {
    const known = draft.places.filter((place) => place.interface === name);
    const [sample] = known;
    const peers = draft.peers.filter((peer) => peer.interface === name).map(({ address }) => address);
    const strangers = peers.filter((peer) => !known.some(({ address }) => address.startsWith(`${peer}/`)));
    const missing = draft.nodes.filter((node) => placeOf(draft, node, name) === undefined);
    const [peer, node] = [strangers[0], missing[0]];
    const sure = strangers.length === 1 && missing.length === 1;
    if (!sure || peer === undefined || node === undefined || sample === undefined) return [];
    const length = sample.address.split("/")[1];
    return [{ node, interface: name, address: `${peer}/${length}` }];
  });
}

/** Boxes in one subnet leave it by one gateway, unless somebody said otherwise. */
function shareGateway(draft: Draft, { interface: name, gateway }: Place): void {
  if (gateway === undefined) return;
  for (const [index, place] of draft.places.entries()) {
    const fits = place.interface === name && place.gateway === undefined && isIn(gateway, place.address);
    if (fits) draft.places[index] = { ...place, gateway };
  }
}

/** Node and interface without an address, "kathy:eth1". */
export function unknownPlaces(draft: Draft): readonly string[] {
  return draft.nodes.flatMap((node) =>
    [...draft.interfaces]
      .filter((name) => placeOf(draft, node, name) === undefined)
      .map((name) => `${node}:${name}`),
  );
}

function isIn(address: string, prefix: string): boolean {
  const [ip, net] = [parseIp(address), parsePrefix(prefix)];
  return ip !== undefined && net !== undefined && ip.family === net.address.family && contains(net, ip);
}
