// Rules for the `resources` section: groups whose owner exists, and addresses that either node can really take.

import type { ResourceConfig } from "./cluster.ts";
import { readWord } from "./haresources.ts";
import type { Inspection, Rule } from "./inspection.ts";
import { findRepeats, interfacesOf } from "./inspection.ts";
import { broadcastOf, contains, formatIp, type Ip, networkOf, notAHost, type Prefix, parseIp } from "./ip.ts";
import { notInSubnet, requireInterface } from "./node-rules.ts";
import { quote } from "./quote.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";
import { nearest } from "./suggestion.ts";

export interface ResourcePlace {
  readonly resource: ResourceConfig;
  readonly path: Path;
}

/** The words that can be read, in the order of the file. */
export function resourcesOf(file: Remainder): readonly ResourcePlace[] {
  return (file.resources ?? []).flatMap(({ group }, index) =>
    group.flatMap((word, position) => {
      const reading = readWord(word);
      const path = ["resources", index, "group", position];
      return reading.ok ? [{ resource: reading.resource, path }] : [];
    }),
  );
}

export interface VipPlace {
  readonly ip: Ip;
  readonly resource: Extract<ResourceConfig, { kind: "address" }>;
  readonly path: Path;
}

export function vipsOf(file: Remainder): readonly VipPlace[] {
  return resourcesOf(file).flatMap(({ resource, path }) => {
    const ip = resource.kind === "address" ? parseIp(resource.address) : undefined;
    return ip === undefined || resource.kind !== "address" ? [] : [{ ip, resource, path }];
  });
}

const readableWords: Rule = ({ file, error }) => {
  for (const [index, { group }] of (file.resources ?? []).entries()) {
    for (const [position, word] of group.entries()) {
      const reading = readWord(word);
      if (!reading.ok) error(["resources", index, "group", position], reading.reason);
    }
  }
};

const owners: Rule = ({ file, complete, error }) => {
  if (file.nodes === undefined || !complete("nodes")) return;
  const nodes = Object.keys(file.nodes);
  for (const [index, { node }] of (file.resources ?? []).entries()) {
    if (nodes.includes(node)) continue;
    const message = `no node is called ${quote(node)}; the nodes are ${nodes.join(", ")}`;
    error(["resources", index, "node"], message, nearest(node, nodes));
  }
};

const distinctResources: Rule = ({ file, error, line }) => {
  const places = resourcesOf(file);
  const vips = places.map(({ resource, path }) =>
    resource.kind === "address" ? ([resource.address, path] as const) : undefined,
  );
  findRepeats(
    vips.filter((vip) => vip !== undefined),
    (vip, path, first) => error(path, `${vip} is in a resource group already (${line(first)})`),
  );
  const others = places.map(({ resource, path }) =>
    resource.kind === "address" ? undefined : ([`${path[1]} ${resource.word}`, path] as const),
  );
  findRepeats(
    others.filter((other) => other !== undefined),
    (_, path, first) => error(path, `this resource is in the group already (${line(first)})`),
  );
};

/** The subnets that a node's own addresses put it in. */
function subnetsOf(file: Remainder, node: string): readonly Prefix[] {
  return interfacesOf(file).flatMap((place) =>
    place.node === node && place.subnet !== undefined ? [place.subnet] : [],
  );
}

/** Why no node can take over the address; undefined when one can. */
function notMovable({ ip, resource }: VipPlace, subnet: Prefix | undefined, inspection: Inspection) {
  const kind = notAHost(ip);
  if (kind !== undefined) return `is ${kind}, not one that a node can take over`;
  const own = interfacesOf(inspection.file).find(
    (place) => place.subnet !== undefined && formatIp(place.subnet.address) === resource.address,
  );
  if (own === undefined) return subnet === undefined ? undefined : notInSubnet(ip, subnet);
  const where = `${own.node}'s own address on ${own.name} (${inspection.line([...own.path, "address"])})`;
  return `is ${where}; an address that moves must be another`;
}

function checkVip(place: VipPlace, inspection: Inspection): void {
  const { ip, resource, path } = place;
  const { error } = inspection;
  const around = interfacesOf(inspection.file).find(({ subnet }) => subnet && contains(subnet, ip))?.subnet;
  const given = resource.prefixLength;
  const subnet = given === undefined ? around : { address: ip, length: given };
  const wrong = notMovable(place, subnet, inspection);
  if (wrong !== undefined) {
    error(path, `${resource.address} ${wrong}`);
    return;
  }
  const broadcast = resource.broadcast === undefined ? undefined : parseIp(resource.broadcast);
  if (broadcast !== undefined && subnet !== undefined && !contains(subnet, broadcast)) {
    const range = `${formatIp(networkOf(subnet))} to ${formatIp(broadcastOf(subnet))}`;
    error(path, `the broadcast address ${resource.broadcast} is outside the subnet (${range})`);
  }
  if (resource.interface !== undefined) requireInterface(resource.interface, path, inspection);
  else checkRoutes(ip, path, inspection);
}

/** Without an interface in the word, the routing table of the node that takes the address decides, as heartbeat does. */
function checkRoutes(ip: Ip, path: Path, { file, intact, error, warning }: Inspection): void {
  if (!intact("nodes")) return;
  for (const node of Object.keys(file.nodes ?? {})) {
    if (subnetsOf(file, node).some((subnet) => contains(subnet, ip))) continue;
    const via = interfacesOf(file).find(
      ({ node: owner, gateway }) => owner === node && gateway?.family === ip.family,
    );
    const message = `${formatIp(ip)} is in no subnet of ${node}`;
    const remedy = "name the interface: ADDRESS/PREFIX/INTERFACE";
    if (via === undefined)
      error(path, `${message}, and it has no default route: no interface can take it; ${remedy}`);
    else warning(path, `${message}: its default route puts the address on ${via.name}; ${remedy}`);
  }
}

const vips: Rule = (inspection) => {
  for (const vip of vipsOf(inspection.file)) checkVip(vip, inspection);
};

export const resourceRules: readonly Rule[] = [readableWords, owners, distinctResources, vips];
