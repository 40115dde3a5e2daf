// From the file as written to the configuration that every other part reads: defaults filled in, short forms spelled
// out, durations in milliseconds. Only for files without errors.

import type {
  AuthConfig,
  CheckConfig,
  ClusterConfig,
  FencingConfig,
  HeartbeatConfig,
  MediumConfig,
  NodeConfig,
  VirtualServiceConfig,
} from "./cluster.ts";
import { defined } from "./defined.ts";
import { authKeysOf } from "./heartbeat-rules.ts";
import { normalizeGroup } from "./resource-normalize.ts";
import type { ClusterFile } from "./schema.ts";
import type { ServiceEntry } from "./service-schema.ts";
import { timingOf } from "./timing.ts";

function normalizeNode(name: string, node: ClusterFile["nodes"][string]): NodeConfig {
  return {
    name,
    identity: defined({ mac: node.identity?.mac, serial: node.identity?.serial }),
    ...defined({ profile: node.profile }),
    ...(node.fencing && { fencing: normalizeFencing(node.fencing) }),
    interfaces: Object.entries(node.interfaces).map(([interfaceName, { address, gateway }]) => ({
      name: interfaceName,
      ...defined({ address, gateway }),
    })),
  };
}

function normalizeFencing(fencing: NonNullable<ClusterFile["nodes"][string]["fencing"]>): FencingConfig {
  const { command, ipmi, timeout = 30_000, delay = 0 } = fencing;
  if (command !== undefined) return { kind: "command", command, timeout, delay };
  if (ipmi === undefined) throw new Error("a fencing of no kind passed the rules");
  const { address, user, password, password_file: passwordFile, cipher } = ipmi;
  return {
    kind: "ipmi",
    address,
    user,
    ...defined({ password, passwordFile, cipher }),
    interface: ipmi.interface ?? "lanplus",
    action: ipmi.action ?? "off",
    timeout,
    delay,
  };
}

type Heartbeat = ClusterFile["heartbeat"];

function normalizeMedium(medium: Heartbeat["media"][number], udpport: number): MediumConfig {
  const { bcast, ucast, mcast, serial } = medium;
  if (bcast !== undefined) return { kind: "bcast", interface: bcast };
  if (ucast !== undefined) return { kind: "ucast", interface: ucast.interface, peer: ucast.peer };
  if (serial !== undefined) return { kind: "serial", device: serial };
  if (mcast === undefined) throw new Error("a medium of no kind passed the schema");
  const { port = udpport, ttl = 1, loop = 0 } = mcast;
  return {
    kind: "mcast",
    interface: mcast.interface,
    group: mcast.group,
    port,
    ttl,
    loop: loop === 1 ? 1 : 0,
  };
}

function normalizeAuth(heartbeat: Heartbeat): AuthConfig {
  const entries = authKeysOf(heartbeat).map(({ entry }) => entry);
  const sender = entries.find(({ send }) => send === true) ?? entries[0];
  return {
    sendWith: sender?.id ?? 1,
    keys: entries.map(({ id = 1, method, key }) => ({ id, method, ...defined({ key }) })),
  };
}

function normalizeHeartbeat(heartbeat: Heartbeat): HeartbeatConfig {
  const { udpport = 694, baud = 19_200, hopfudge = 1, auto_failback: autoFailback = "on" } = heartbeat;
  const { ping = [], ping_group = {}, ipfail = false, watchdog, respawn = [] } = heartbeat;
  return {
    ...timingOf(heartbeat),
    autoFailback,
    udpport,
    baud,
    hopfudge,
    media: heartbeat.media.map((medium) => normalizeMedium(medium, udpport)),
    auth: normalizeAuth(heartbeat),
    ping,
    pingGroups: Object.entries(ping_group).map(([name, members]) => ({ name, members })),
    ipfail,
    ...defined({ watchdog }),
    respawn,
  };
}

function normalizeCheck(check: NonNullable<ServiceEntry["check"]>): CheckConfig {
  const { type, interval = 2000, timeout = 1000, rise = 2, fall = 3, ...rest } = check;
  return { type, interval, timeout, rise, fall, ...defined(rest) };
}

function normalizeService(name: string, service: ServiceEntry): VirtualServiceConfig {
  const { address, port, fwmark, persistence, fallback, scheduler = "wlc", forwarding = "direct" } = service;
  const protocol = service.protocol ?? (fwmark === undefined ? "tcp" : undefined);
  return {
    name,
    ...defined({ address, port, protocol, fwmark, persistence }),
    scheduler,
    forwarding,
    ...(service.check === undefined ? {} : { check: normalizeCheck(service.check) }),
    ...(fallback === undefined
      ? {}
      : { fallback: { address: fallback.address, ...defined({ port: fallback.port }) } }),
    servers: Object.entries(service.servers).map(([serverName, server]) => ({
      name: serverName,
      address: server.address,
      weight: server.weight ?? 1,
      ...defined({ port: server.port, forwarding: server.forwarding }),
    })),
  };
}

export function normalize(file: ClusterFile): ClusterConfig {
  return {
    version: file.version,
    cluster: file.cluster,
    nodes: Object.entries(file.nodes).map(([name, node]) => normalizeNode(name, node)),
    heartbeat: normalizeHeartbeat(file.heartbeat),
    resources: (file.resources ?? []).map((entry) => normalizeGroup(entry, file.failover)),
    services: Object.entries(file.services ?? {}).map(([name, service]) => normalizeService(name, service)),
  };
}
