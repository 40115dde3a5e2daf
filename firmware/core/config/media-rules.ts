// Rules for heartbeat's media: that all nodes can use each one, that a pair of ucast media covers both ways, and that
// heartbeats fit a serial line.

import { findRepeats, type Inspection, type Rule } from "./inspection.ts";
import { formatIp, hasBroadcast, isMulticast, parseIp } from "./ip.ts";
import { requireInterface } from "./node-rules.ts";
import type { Remainder } from "./schema.ts";
import { serialSpeed } from "./serial-rules.ts";
import type { Path } from "./source-tree.ts";

type Medium = NonNullable<NonNullable<Remainder["heartbeat"]>["media"]>[number];

const mediaOf = ({ file }: Inspection) =>
  (file.heartbeat?.media ?? []).map((medium, index) => ({
    medium,
    path: ["heartbeat", "media", index] as Path,
  }));

const bcast: Rule = (inspection) => {
  for (const { medium, path } of mediaOf(inspection)) {
    const name = medium.bcast;
    if (name === undefined) continue;
    const at = [...path, "bcast"];
    requireInterface(name, at, inspection);
    if (!inspection.intact("nodes")) continue;
    for (const { node, subnet, ...place } of inspection.interfaces) {
      if (place.name !== name || (subnet !== undefined && hasBroadcast(subnet))) continue;
      const where = inspection.line(place.path);
      const needs = "bcast needs an IPv4 address with a prefix shorter than /31";
      inspection.error(at, `${needs} on ${name} of every node; ${node} has none (${where})`);
    }
  }
};

const ucast: Rule = (inspection) => {
  const { file, interfaces, intact, error, warning } = inspection;
  const list = mediaOf(inspection).flatMap(({ medium, path }) =>
    medium.ucast === undefined ? [] : [{ ...medium.ucast, path: [...path, "ucast"] }],
  );
  for (const { interface: name, peer, path } of list) {
    requireInterface(name, [...path, "interface"], inspection);
    if (!intact("nodes") || file.nodes === undefined) continue;
    const there = interfaces.filter((place) => place.name === name && place.subnet !== undefined);
    const addresses = there.map(({ node, subnet }) => ({ node, ip: subnet ? formatIp(subnet.address) : "" }));
    const owner = addresses.find(({ ip }) => ip === peer);
    if (owner === undefined) {
      const known = addresses.map(({ node, ip }) => `${ip} (${node})`).join(", ");
      const all = known === "" ? `no node has an address on ${name}` : `on ${name} there are ${known}`;
      error([...path, "peer"], `the peer ${peer} is no node's address on ${name}; ${all}`);
      continue;
    }
    const missing = addresses.filter(
      ({ ip }) => ip !== peer && !list.some((other) => other.interface === name && other.peer === ip),
    );
    for (const { node, ip } of missing) {
      const message = `ucast on ${name} goes only to ${owner.node}: ${owner.node} sends nothing to ${node} on it`;
      warning(path, `${message}; add ucast: { interface: ${name}, peer: ${ip} }`);
    }
  }
};

const mcast: Rule = (inspection) => {
  for (const { medium, path } of mediaOf(inspection)) {
    if (medium.mcast === undefined) continue;
    const { interface: name, group } = medium.mcast;
    requireInterface(name, [...path, "mcast", "interface"], inspection);
    const ip = parseIp(group);
    if (ip !== undefined && ip.family === 4 && isMulticast(ip)) continue;
    const at = [...path, "mcast", "group"];
    inspection.error(at, `the group ${group} is not an IPv4 multicast address (224.0.0.0/4)`);
  }
};

/** A cable has two ends: among three nodes and more it takes two devices on each to reach everybody. */
const serialRing: Rule = ({ file, intact, error }) => {
  const { media = [] } = file.heartbeat ?? {};
  const count = Object.keys(file.nodes ?? {}).length;
  if (count < 3 || media.length !== 1 || !intact("nodes") || !intact("heartbeat", "media")) return;
  if (media[0]?.serial === undefined) return;
  const why = `one serial device on each reaches one of ${count - 1} other nodes`;
  error(["heartbeat", "media"], `${why}; add a second one for a ring of cables, or another medium`);
};

function nameOf({ bcast: broadcast, ucast: unicast, mcast: multicast, serial }: Medium): string {
  if (unicast !== undefined) return `ucast ${unicast.interface} ${unicast.peer}`;
  if (multicast === undefined) return broadcast === undefined ? `serial ${serial}` : `bcast ${broadcast}`;
  const port = multicast.port === undefined ? "" : ` port ${multicast.port}`;
  return `mcast ${multicast.interface} ${multicast.group}${port}`;
}

/** Two media that are the same one would count as two paths that cannot fail together. */
const distinctMedia: Rule = (inspection) => {
  const names = mediaOf(inspection).map(({ medium, path }) => {
    const kind = Object.keys(medium)[0] ?? "";
    return [nameOf(medium), [...path, kind]] as const;
  });
  findRepeats(names, (name, path, first) =>
    inspection.error(path, `the medium ${name} is in the list already (${inspection.line(first)})`),
  );
};

export const mediaRules: readonly Rule[] = [bcast, ucast, mcast, distinctMedia, serialRing, serialSpeed];
