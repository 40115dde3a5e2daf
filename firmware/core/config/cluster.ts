// The cluster file after parsing and validation: one normalized value that every other part reads.
// The words are those of heartbeat's ha.cf, haresources and authkeys, and of the Linux Virtual Server.
// All durations are milliseconds here; all lists keep the order of the file.

import type { Timing } from "./timing.ts";

/** An IPv4 or IPv6 address in its canonical text form. */
export type Address = string;

export interface InterfaceConfig {
  readonly name: string;
  readonly address?: { readonly address: Address; readonly prefixLength: number };
  readonly gateway?: Address;
}

/** What tells a box that an entry of the file is its own; checked in the order mac, address, serial, host name. */
export interface NodeIdentity {
  /** Lower-case, colon separated. */
  readonly mac?: string;
  /** DMI product serial. */
  readonly serial?: string;
}

export interface NodeConfig {
  readonly name: string;
  readonly identity: NodeIdentity;
  readonly profile?: string;
  readonly interfaces: readonly InterfaceConfig[];
  /** How others fence this node; absent: they take over without. */
  readonly fencing?: FencingConfig;
}

export type FencingConfig = {
  /** For one attempt. */
  readonly timeout: number;
  /** Before the first attempt. */
  readonly delay: number;
} & (
  | { readonly kind: "command"; readonly command: readonly string[] }
  | {
      readonly kind: "ipmi";
      readonly address: Address;
      readonly user: string;
      /** Exactly one of the two is there. */
      readonly password?: string;
      readonly passwordFile?: string;
      readonly interface: "lanplus" | "lan";
      /** Absent: ipmitool asks the controller. */
      readonly cipher?: number;
      readonly action: "off" | "cycle";
    }
);

export type MediumConfig =
  | { readonly kind: "bcast"; readonly interface: string }
  | { readonly kind: "ucast"; readonly interface: string; readonly peer: Address }
  | {
      readonly kind: "mcast";
      readonly interface: string;
      readonly group: Address;
      readonly port: number;
      readonly ttl: number;
      readonly loop: 0 | 1;
    }
  | { readonly kind: "serial"; readonly device: string };

export type AuthMethod = "crc" | "md5" | "sha1";

/** One line of heartbeat's authkeys; `crc` has no key. */
export interface AuthKey {
  /** 0 to 15. */
  readonly id: number;
  readonly method: AuthMethod;
  readonly key?: string;
}

export interface AuthConfig {
  /** The id that signs what this node sends; frames signed with any of `keys` are accepted. */
  readonly sendWith: number;
  readonly keys: readonly AuthKey[];
}

export interface RespawnConfig {
  readonly user: string;
  readonly command: readonly string[];
}

export interface HeartbeatConfig extends Timing {
  readonly autoFailback: "on" | "off" | "legacy";
  readonly udpport: number;
  readonly baud: number;
  readonly hopfudge: number;
  readonly media: readonly MediumConfig[];
  readonly auth: AuthConfig;
  readonly ping: readonly Address[];
  readonly pingGroups: readonly { readonly name: string; readonly members: readonly Address[] }[];
  readonly ipfail: boolean;
  /** Device path; absent when the box has no watchdog to pet. */
  readonly watchdog?: string;
  readonly respawn: readonly RespawnConfig[];
}

/** One word of a haresources line. */
export type ResourceConfig =
  | {
      readonly kind: "address";
      readonly word: string;
      readonly address: Address;
      readonly prefixLength?: number;
      readonly interface?: string;
      /** What follows "INTERFACE:" in IPaddr2's word; the whole label has at most 15 characters. */
      readonly label?: string;
      readonly broadcast?: Address;
    }
  | { readonly kind: "traffic"; readonly word: string }
  /** A script in the manner of init: name or absolute path, called with its arguments and start, stop or status. */
  | {
      readonly kind: "script";
      readonly word: string;
      readonly name: string;
      readonly args: readonly string[];
    }
  /** An OCF resource agent (resource agent API 1.1). */
  | {
      readonly kind: "ocf";
      readonly word: string;
      readonly provider: string;
      readonly agent: string;
      /** In the order of the word; each becomes OCF_RESKEY_name. */
      readonly parameters: readonly (readonly [name: string, value: string])[];
    }
  | ({ readonly kind: "failover"; readonly word: string } & FailoverConfig);

/** A failover service of the section `failover`, in the manner of Piranha's lvs.cf. */
export interface FailoverConfig {
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly check?: FailoverCheckConfig;
}

export interface FailoverCheckConfig {
  /** Absent: the first address of the service's group. */
  readonly address?: Address;
  readonly port: number;
  /** Sent after connecting; absent: connecting is enough. */
  readonly send?: string;
  /** Text that the reply must contain; absent: any reply does. */
  readonly expect?: string;
  /** From one attempt to the next, and for one attempt altogether. */
  readonly interval: number;
  readonly timeout: number;
  /** Failed attempts in a row until the service counts as failed. */
  readonly fall: number;
}

export interface MonitorConfig {
  readonly interval: number;
  readonly timeout: number;
  /** Restarts in place within an hour before the group is given up. */
  readonly restarts: number;
}

export interface ResourceGroupConfig {
  /** The preferred owner. */
  readonly node: string;
  /** Acquired first to last, released last to first. */
  readonly resources: readonly ResourceConfig[];
  /** Absent: what runs is not asked how it is. */
  readonly monitor?: MonitorConfig;
  /** How long each program of a resource may take. */
  readonly timeouts: { readonly start: number; readonly stop: number; readonly status: number };
  /** How often a failed stop is tried again. */
  readonly stopRetries: number;
  /** What happens when a resource cannot be stopped: the node resets itself, or the group stays where it is. */
  readonly stopFailed: "reboot" | "block";
  /** How long a node is not offered a group again that failed on it. */
  readonly failureTimeout: number;
}

export type Scheduler =
  | "rr"
  | "wrr"
  | "lc"
  | "wlc"
  | "lblc"
  | "lblcr"
  | "dh"
  | "sh"
  | "sed"
  | "nq"
  | "fo"
  | "ovf"
  | "mh";

export type Forwarding = "direct" | "nat" | "tunnel";

export interface CheckConfig {
  readonly type: string;
  readonly port?: number;
  readonly path?: string;
  readonly host?: string;
  readonly expect?: number | string;
  readonly send?: string;
  readonly command?: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly rise: number;
  readonly fall: number;
}

export interface RealServerConfig {
  readonly name: string;
  readonly address: Address;
  readonly port?: number;
  readonly weight: number;
  readonly forwarding?: Forwarding;
}

export interface VirtualServiceConfig {
  readonly name: string;
  readonly address?: Address;
  readonly port?: number;
  readonly protocol?: "tcp" | "udp" | "sctp";
  readonly fwmark?: number;
  readonly scheduler: Scheduler;
  readonly forwarding: Forwarding;
  readonly persistence?: number;
  readonly check?: CheckConfig;
  readonly fallback?: { readonly address: Address; readonly port?: number };
  readonly servers: readonly RealServerConfig[];
}

export interface ClusterConfig {
  readonly version: 1;
  readonly cluster: string;
  readonly nodes: readonly NodeConfig[];
  readonly heartbeat: HeartbeatConfig;
  readonly resources: readonly ResourceGroupConfig[];
  readonly services: readonly VirtualServiceConfig[];
}
