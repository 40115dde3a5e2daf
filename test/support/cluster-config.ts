// Cluster configurations made by hand: two directors or more, two service addresses, short times. Tests change what they are about.

import type {
  ClusterConfig,
  HeartbeatConfig,
  NodeConfig,
  ResourceGroupConfig,
} from "../../firmware/core/config/cluster.ts";
import { normalizeGroup } from "../../firmware/core/config/resource-normalize.ts";
import type { MediumSetup, NodeSetup, ObservedRoute } from "../../firmware/core/event.ts";

export const HEARTBEAT: HeartbeatConfig = {
  keepalive: 200,
  warntime: 600,
  deadtime: 1000,
  initdead: 5000,
  deadping: 1000,
  autoFailback: "on",
  udpport: 694,
  baud: 19200,
  hopfudge: 1,
  media: [
    { kind: "bcast", interface: "eth1" },
    { kind: "bcast", interface: "eth0" },
  ],
  auth: { sendWith: 1, keys: [{ id: 1, method: "sha1", key: "secretkey" }] },
  ping: [],
  pingGroups: [],
  ipfail: false,
  respawn: [],
};

function director(number: number): NodeConfig {
  return {
    name: `director${number}`,
    identity: {},
    interfaces: [
      { name: "eth0", address: { address: `192.168.140.15${number}`, prefixLength: 24 } },
      { name: "eth1", address: { address: `10.0.0.${number}`, prefixLength: 24 } },
    ],
  };
}

/** A group of addresses that prefers `node`, written as in haresources. */
export function addressGroup(node: string, ...addresses: readonly string[]): ResourceGroupConfig {
  return resourceGroup({ node, group: [...addresses] });
}

/** A group as the cluster file writes it, with the file's own defaults; `failover` is its section of that name. */
export const resourceGroup = normalizeGroup;

export const GROUPS: readonly ResourceGroupConfig[] = [
  addressGroup("director1", "192.168.140.150"),
  addressGroup("director2", "192.168.140.160"),
];

export function clusterConfig(
  heartbeat: Partial<HeartbeatConfig> = {},
  resources: readonly ResourceGroupConfig[] = GROUPS,
  nodes = 2,
): ClusterConfig {
  return {
    version: 1,
    cluster: "rack7",
    nodes: Array.from({ length: nodes }, (_, index) => director(index + 1)),
    heartbeat: { ...HEARTBEAT, ...heartbeat },
    resources,
    services: [],
  };
}

export const MEDIA: readonly [MediumSetup, MediumSetup] = [
  { id: "bcast eth1", kind: "bcast", link: "eth1" },
  { id: "bcast eth0", kind: "bcast", link: "eth0" },
];

export function nodeSetup(
  self: string,
  generation: number,
  media: readonly MediumSetup[] = MEDIA,
): NodeSetup {
  const uuid = new Uint8Array(16).fill(self.charCodeAt(self.length - 1));
  return { self, uuid, generation, media, resettable: true };
}

export const ROUTES: readonly ObservedRoute[] = [
  { destination: "0.0.0.0", prefixLength: 0, interface: "eth0", gateway: "192.168.140.1", metric: 0 },
  { destination: "192.168.140.0", prefixLength: 24, interface: "eth0", metric: 0 },
  { destination: "10.0.0.0", prefixLength: 24, interface: "eth1", metric: 0 },
];
