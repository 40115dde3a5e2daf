// Rules for the `heartbeat` section apart from media: the order of the four times (heartbeat refuses a deadtime of
// twice keepalive or less), keys as authkeys(5) has them, ping nodes, respawned commands.

import { findRepeats, type Rule } from "./inspection.ts";
import { formatIp, notAHost, parseIp } from "./ip.ts";
import { quote } from "./quote.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";
import { spokenDuration, timingOf } from "./timing.ts";

type Heartbeat = NonNullable<Remainder["heartbeat"]>;

/** Points at the time that is in the file, the first one named. */
function timePath(heartbeat: Heartbeat, ...names: readonly (keyof Heartbeat)[]): Path {
  const given = names.find((name) => heartbeat[name] !== undefined);
  return given === undefined ? ["heartbeat"] : ["heartbeat", given];
}

const orderOfTimes: Rule = ({ file, intact, error, warning }) => {
  const { heartbeat } = file;
  const names = ["keepalive", "warntime", "deadtime", "initdead"] as const;
  if (heartbeat === undefined || !names.every((name) => intact("heartbeat", name))) return;
  const { keepalive, warntime, deadtime, initdead } = timingOf(heartbeat);
  const spoken = (name: (typeof names)[number], value: number) =>
    spokenDuration(name, value, heartbeat[name]);
  const dead = spoken("deadtime", deadtime);
  if (deadtime <= 2 * keepalive) {
    const kept = spoken("keepalive", keepalive);
    error(timePath(heartbeat, "deadtime", "keepalive"), `${dead} must be more than twice ${kept}`);
  } else if (warntime <= keepalive || warntime >= deadtime) {
    const kept = spoken("keepalive", keepalive);
    const message = `${spoken("warntime", warntime)} is not between ${kept} and ${dead}: it warns always or never`;
    warning(timePath(heartbeat, "warntime", "deadtime"), message);
  }
  const init = spoken("initdead", initdead);
  const initPath = timePath(heartbeat, "initdead", "deadtime");
  if (initdead < deadtime) error(initPath, `${init} must not be shorter than ${dead}`);
  else if (initdead < 2 * deadtime) warning(initPath, `${init} should be at least twice ${dead}`);
};

const base: Path = ["heartbeat", "auth"];

/** The keys as a list, each with its path, whether the file has one or several. */
export function authKeysOf(heartbeat: Heartbeat) {
  const { auth } = heartbeat;
  if (auth === undefined) return [];
  if (!Array.isArray(auth)) return [{ entry: auth, path: base }];
  return auth.map((entry, index) => ({ entry, path: [...base, index] }));
}

const authKeys: Rule = ({ file, intact, error, warning, line }) => {
  const keys = authKeysOf(file.heartbeat ?? {});
  for (const { entry, path } of keys) {
    const { method, key } = entry;
    const keyPath = [...path, "key"];
    if (method === "crc" && key !== undefined)
      error(keyPath, "crc has no key: it finds damage and authenticates nobody; use sha1 with this key");
    else if (method !== "crc" && key === undefined && intact(...base))
      error([...path, "method"], `${method} needs a key`);
    if (method !== "crc" && key !== undefined && /\s/.test(key)) {
      const message =
        "the key has white space: pulsebox uses all of it, heartbeat 3.0.6 reads only its first word";
      warning(keyPath, `${message}, so the two could not talk`);
    }
  }
  if (!intact(...base)) return;
  findRepeats(
    keys.map(({ entry, path }) => [String(entry.id ?? 1), [...path, "id"]] as const),
    (id, path, first) =>
      error(path, `the key index ${id} is taken (${line(first)}); each key has its own, 0 to 15`),
  );
};

const sendingKey: Rule = ({ file, intact, error, line }) => {
  const keys = authKeysOf(file.heartbeat ?? {});
  if (keys.length < 2 || !intact(...base)) return;
  const senders = keys.filter(({ entry }) => entry.send === true);
  const [first, ...more] = senders;
  if (first === undefined) {
    error(
      ["heartbeat", "auth"],
      `${keys.length} keys, and none has "send: on": one of them signs what is sent`,
    );
  }
  for (const { path } of more) {
    const place = line([...(first?.path ?? []), "send"]);
    error([...path, "send"], `only one key signs what is sent; another has "send: on" (${place})`);
  }
};

/** A crossover cable carries bcast; what is routed or switched deserves a signature. */
const unsignedMedia: Rule = ({ file, warning }) => {
  const { heartbeat } = file;
  if (heartbeat === undefined) return;
  const sender = authKeysOf(heartbeat).find(({ entry }, _, all) => entry.send === true || all.length === 1);
  if (sender?.entry.method !== "crc") return;
  const open = (heartbeat.media ?? []).some(({ ucast, mcast }) => ucast !== undefined || mcast !== undefined);
  if (!open) return;
  const message =
    "crc only finds damage: anybody on the network of a ucast or mcast medium can forge messages";
  warning([...sender.path, "method"], `${message}; use sha1`);
};

const pingTime: Rule = ({ file, intact, error }) => {
  const { heartbeat } = file;
  if (heartbeat?.deadping === undefined || !intact("heartbeat", "keepalive")) return;
  const { keepalive, deadping } = timingOf(heartbeat);
  if (deadping > 2 * keepalive) return;
  const [dead, kept] = [
    spokenDuration("deadping", deadping, heartbeat.deadping),
    spokenDuration("keepalive", keepalive, heartbeat.keepalive),
  ];
  error(["heartbeat", "deadping"], `${dead} must be more than twice ${kept}`);
};

function* pingAddresses(heartbeat: Heartbeat): Generator<readonly [string, Path]> {
  for (const [index, address] of (heartbeat.ping ?? []).entries())
    yield [address, ["heartbeat", "ping", index]];
  for (const [group, members] of Object.entries(heartbeat.ping_group ?? {}))
    for (const [index, address] of members.entries())
      yield [address, ["heartbeat", "ping_group", group, index]];
}

const pingNodes: Rule = ({ file, interfaces, vips, error, line }) => {
  for (const [address, path] of pingAddresses(file.heartbeat ?? {})) {
    const ip = parseIp(address);
    const kind = ip === undefined ? undefined : notAHost(ip);
    if (kind !== undefined) error(path, `${address} is ${kind}; a ping node is a router or switch`);
    const owner = interfaces.find(
      ({ subnet }) => subnet !== undefined && formatIp(subnet.address) === address,
    );
    if (owner !== undefined) {
      const where = line([...owner.path, "address"]);
      error(path, `${address} is ${owner.node} itself (${where}); a ping node is outside the cluster`);
    }
    const moved = vips.find((vip) => formatIp(vip.ip) === address);
    if (moved === undefined) continue;
    const where = line(moved.path);
    error(path, `${address} is a resource of this cluster (${where}); a ping node is outside the cluster`);
  }
};

const pingNodesOnce: Rule = ({ file, error, line }) => {
  const { ping = [], ping_group = {} } = file.heartbeat ?? {};
  const lists: readonly (readonly [Path, readonly string[]])[] = [
    [["heartbeat", "ping"], ping],
    ...Object.entries(ping_group).map(
      ([group, members]) => [["heartbeat", "ping_group", group], members] as const,
    ),
  ];
  for (const [base, addresses] of lists) {
    findRepeats(
      addresses.map((address, index) => [address, [...base, index]] as const),
      (address, path, first) => error(path, `${address} is in the list already (${line(first)})`),
    );
  }
};

/** Logs and status name nodes, ping nodes and groups alike. */
const pingGroupNames: Rule = ({ file, error }) => {
  const { ping = [], ping_group = {} } = file.heartbeat ?? {};
  const nodes = Object.keys(file.nodes ?? {});
  for (const group of Object.keys(ping_group)) {
    const taken = nodes.includes(group) ? "a node" : ping.includes(group) ? "a ping node" : undefined;
    if (taken === undefined) continue;
    error(
      ["heartbeat", "ping_group", group],
      `${quote(group)} is the name of ${taken}; a group needs its own`,
    );
  }
};

const ipfail: Rule = ({ file, intact, error }) => {
  const { heartbeat } = file;
  if (heartbeat?.ipfail !== true) return;
  const path = ["heartbeat", "ipfail"];
  const noPing = (heartbeat.ping ?? []).length === 0 && heartbeat.ping_group === undefined;
  if (noPing && intact("heartbeat", "ping") && intact("heartbeat", "ping_group"))
    error(path, "ipfail compares how many ping nodes each node reaches: it needs ping or ping_group");
  if (heartbeat.auto_failback === "legacy") error(path, "ipfail does not work with auto_failback: legacy");
};

const respawned: Rule = ({ file, error }) => {
  for (const [index, { command }] of (file.heartbeat?.respawn ?? []).entries()) {
    const program = command[0] ?? "";
    if (program.startsWith("/")) continue;
    const path = ["heartbeat", "respawn", index, "command", 0];
    error(path, `${quote(program)} is not an absolute path: it would be searched nowhere`);
  }
};

export const heartbeatRules: readonly Rule[] = [
  orderOfTimes,
  authKeys,
  sendingKey,
  unsignedMedia,
  pingTime,
  pingNodes,
  pingNodesOnce,
  pingGroupNames,
  ipfail,
  respawned,
];
