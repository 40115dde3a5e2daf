// Rules for the sections `resources` and `failover`: groups whose owner exists, failover services that belong to one group,
// and addresses that either node can really take.

import { readWord } from "./haresources.ts";
import { findRepeats, type Inspection, type Rule } from "./inspection.ts";
import { broadcastOf, contains, formatIp, type Ip, networkOf, notAHost, type Prefix, parseIp } from "./ip.ts";
import { nodeNames, notInSubnet, requireInterface } from "./node-rules.ts";
import type { VipPlace } from "./places.ts";
import { quote } from "./quote.ts";
import type { Path } from "./source-tree.ts";
import { nearest } from "./suggestion.ts";

const readableWords: Rule = ({ file, error }) => {
  for (const [index, { group }] of (file.resources ?? []).entries()) {
    for (const [position, word] of group.entries()) {
      if (file.failover?.[word] !== undefined) continue;
      const reading = readWord(word);
      if (!reading.ok) error(["resources", index, "group", position], reading.reason);
    }
  }
};

const failoverNames: Rule = ({ file, resources, error, warning }) => {
  const services = Object.entries(file.failover ?? {});
  const words = resources.filter(({ resource }) => resource.kind === "failover");
  for (const [name, { check }] of services) {
    const path = ["failover", name];
    const uses = words.filter(({ resource }) => resource.word === name);
    if (name === "traffic") error(path, "traffic is the director's own resource; name the service otherwise");
    else if (uses.length === 0) warning(path, `no resource group names the failover service ${quote(name)}`);
    const [, second] = uses;
    if (second !== undefined)
      error(second.path, `the failover service ${quote(name)} is in two groups or twice in one`);
    const group = resources.filter(({ path: at }) => at[1] === uses[0]?.path[1]);
    const hasAddress = group.some(({ resource }) => resource.kind === "address");
    if (check !== undefined && check.address === undefined && uses.length > 0 && !hasAddress)
      error([...path, "check"], "the check needs an address: neither it nor the service's group has one");
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

const distinctResources: Rule = ({ resources, error, line }) => {
  const vips = resources.map(({ resource, path }) =>
    resource.kind === "address" ? ([resource.address, path] as const) : undefined,
  );
  findRepeats(
    vips.filter((vip) => vip !== undefined),
    (vip, path, first) => error(path, `${vip} is in a resource group already (${line(first)})`),
  );
  const agents = resources.map(({ resource, path }) =>
    resource.kind === "ocf" ? ([resource.word, path] as const) : undefined,
  );
  findRepeats(
    agents.filter((agent) => agent !== undefined),
    (_, path, first) =>
      error(
        path,
        `this agent is in a resource group already (${line(first)}); two need different parameters`,
      ),
  );
  const others = resources.map(({ resource, path }) =>
    resource.kind === "script" || resource.kind === "traffic"
      ? ([`${path[1]} ${resource.word}`, path] as const)
      : undefined,
  );
  findRepeats(
    others.filter((other) => other !== undefined),
    (_, path, first) => error(path, `this resource is in the group already (${line(first)})`),
  );
};

/** Why no node can take over the address; undefined when one can. */
function notMovable({ ip, resource }: VipPlace, subnet: Prefix | undefined, inspection: Inspection) {
  const kind = notAHost(ip);
  if (kind !== undefined) return `is ${kind}, not one that a node can take over`;
  const own = inspection.interfaces.find(
    (place) => place.subnet !== undefined && formatIp(place.subnet.address) === resource.address,
  );
  if (own === undefined) return subnet === undefined ? undefined : notInSubnet(ip, subnet);
  const where = `${own.node}'s own address on ${own.name} (${inspection.line([...own.path, "address"])})`;
  return `is ${where}; an address that moves must be another`;
}

function checkVip(place: VipPlace, inspection: Inspection): void {
  const { ip, resource, path } = place;
  const { error } = inspection;
  const around = inspection.interfaces.find(({ subnet }) => subnet && contains(subnet, ip))?.subnet;
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
function checkRoutes(ip: Ip, path: Path, inspection: Inspection): void {
  for (const node of nodeNames(inspection)) {
    const own = inspection.interfaces.filter((place) => place.node === node);
    if (own.some(({ subnet }) => subnet !== undefined && contains(subnet, ip))) continue;
    const via = own.find(({ gateway }) => gateway?.family === ip.family);
    const message = `${formatIp(ip)} is in no subnet of ${node}`;
    const remedy = "name the interface: ADDRESS/PREFIX/INTERFACE";
    if (via === undefined)
      inspection.error(path, `${message}, and it has no default route: no interface can take it; ${remedy}`);
    else inspection.warning(path, `${message}: its default route puts the address on ${via.name}; ${remedy}`);
  }
}

const movableVips: Rule = (inspection) => {
  for (const vip of inspection.vips) checkVip(vip, inspection);
};

export const resourceRules: readonly Rule[] = [
  readableWords,
  failoverNames,
  owners,
  distinctResources,
  movableVips,
];
