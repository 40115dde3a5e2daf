// Rules for the `nodes` section: two boxes or more that can be told apart, and interfaces whose addresses can work.

import { LIMITS } from "../heartbeat/message.ts";
import { findRepeats, type Inspection, type Rule } from "./inspection.ts";
import {
  broadcastOf,
  contains,
  formatIp,
  hasBroadcast,
  type Ip,
  networkOf,
  notAHost,
  type Prefix,
  sameIp,
} from "./ip.ts";
import type { InterfacePlace } from "./places.ts";
import { quote } from "./quote.ts";
import type { Path } from "./source-tree.ts";
import { nearest } from "./suggestion.ts";

const severalNodes: Rule = ({ file, complete, error }) => {
  const count = Object.keys(file.nodes ?? {}).length;
  if (file.nodes === undefined || !complete("nodes")) return;
  if (count < 2) error(["nodes"], "1 node in the file; a cluster has at least two");
  if (count > LIMITS.nodes) error(["nodes"], `${count} nodes in the file; heartbeat allows ${LIMITS.nodes}`);
};

const distinctIdentities: Rule = ({ file, error, line }) => {
  for (const [key, what] of [
    ["mac", "MAC address"],
    ["serial", "serial number"],
  ] as const) {
    const values = Object.entries(file.nodes ?? {}).flatMap(([node, { identity }]) => {
      const value = identity?.[key];
      return value === undefined ? [] : [[value, ["nodes", node, "identity", key]] as const];
    });
    findRepeats(values, (value, path, first) =>
      error(path, `the ${what} ${value} identifies ${first[1]} already (${line(first)})`),
    );
  }
};

/** Why `ip` cannot be an address in the subnet, in words; undefined when it can. */
export function notInSubnet(ip: Ip, subnet: Prefix): string | undefined {
  const kind = notAHost(ip);
  if (kind !== undefined) return `is ${kind}`;
  if (!hasBroadcast(subnet)) return undefined;
  const spoken = `${formatIp(networkOf(subnet))}/${subnet.length}`;
  if (sameIp(ip, networkOf(subnet)))
    return `is the address of the network ${spoken} itself, not of a host in it`;
  if (sameIp(ip, broadcastOf(subnet))) return `is the broadcast address of ${spoken}, not that of a host`;
  return undefined;
}

function checkInterface(place: InterfacePlace, { error, intact }: Inspection): void {
  const { subnet, gateway } = place;
  const addressPath = [...place.path, "address"];
  const gatewayPath = [...place.path, "gateway"];
  if (subnet !== undefined) {
    const wrong = notInSubnet(subnet.address, subnet);
    if (wrong !== undefined) error(addressPath, `${formatIp(subnet.address)} ${wrong}`);
    else if (subnet.length === 0)
      error(addressPath, "a prefix length of 0 puts every address on this interface");
  }
  if (gateway === undefined) return;
  const spoken = `the gateway ${formatIp(gateway)}`;
  if (subnet === undefined) {
    if (intact(...addressPath)) error(gatewayPath, `${spoken} needs an address on ${place.name}`);
  } else if (!contains(subnet, gateway)) {
    const network = `${formatIp(networkOf(subnet))}/${subnet.length}`;
    error(gatewayPath, `${spoken} is outside the subnet of ${place.name} (${network})`);
  } else if (sameIp(gateway, subnet.address)) error(gatewayPath, `${spoken} is the node's own address`);
  else {
    const wrong = notInSubnet(gateway, subnet);
    if (wrong !== undefined) error(gatewayPath, `${spoken} ${wrong}`);
  }
}

const workingInterfaces: Rule = (inspection) => {
  const { interfaces } = inspection;
  for (const place of interfaces) checkInterface(place, inspection);
  const addresses = interfaces.flatMap(({ subnet, path }) =>
    subnet === undefined ? [] : [[formatIp(subnet.address), [...path, "address"]] as const],
  );
  findRepeats(addresses, (address, path, first) => {
    const owner = `${first[1]}'s ${first[3]}`;
    inspection.error(path, `${address} is the address of ${owner} already (${inspection.line(first)})`);
  });
};

const knownProfiles: Rule = ({ file, knowledge: { boards }, error }) => {
  if (boards === undefined) return;
  for (const [node, { profile }] of Object.entries(file.nodes ?? {})) {
    if (profile === undefined || boards.includes(profile)) continue;
    const suggestion = nearest(profile, boards);
    const known = suggestion === undefined ? `; known are ${boards.join(", ")}` : "";
    error(
      ["nodes", node, "profile"],
      `no board in the hardware database is called ${quote(profile)}${known}`,
      suggestion,
    );
  }
};

/** The names of the nodes, for rules that reason about each of them; none when the section is not as it should be. */
export function nodeNames({ file, intact }: Inspection): readonly string[] {
  const names = Object.keys(file.nodes ?? {});
  return names.length >= 2 && intact("nodes") ? names : [];
}

/** Reports when an interface is not one of every node's, and names the nodes that lack it. */
export function requireInterface(name: string, path: Path, inspection: Inspection): void {
  const { file, complete, error } = inspection;
  const nodes = Object.entries(file.nodes ?? {});
  if (!complete("nodes") || !nodes.every(([node]) => complete("nodes", node, "interfaces"))) return;
  const lacking = nodes
    .filter(([, { interfaces }]) => !Object.hasOwn(interfaces, name))
    .map(([node]) => node);
  if (lacking.length === 0) return;
  if (lacking.length < nodes.length) {
    error(path, `${lacking.join(" and ")} has no interface ${name}; every node needs it`);
    return;
  }
  const known = [...new Set(nodes.flatMap(([, { interfaces }]) => Object.keys(interfaces)))];
  const others = known.length === 0 ? "" : `; there are ${known.join(", ")}`;
  error(path, `no node has an interface ${name}${others}`, nearest(name, known));
}

export const nodeRules: readonly Rule[] = [
  severalNodes,
  distinctIdentities,
  workingInterfaces,
  knownProfiles,
];
