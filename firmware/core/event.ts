// Everything that can happen to a node, as data. Adapters turn the world into these; the core reads nothing else.

import type { Address, ClusterConfig } from "./config/cluster.ts";
import type { Position } from "./heartbeat/inbox.ts";
import type { ProgramOutcome } from "./program.ts";
import type { Instant } from "./time.ts";

/** `all`, or one side of the pair as heartbeat's hb_standby and hb_takeover name it. */
export type ResourceScope = "all" | "local" | "foreign";

/** An address that an interface of this box really has, as read back from the kernel. */
export interface ObservedAddress {
  readonly interface: string;
  readonly address: Address;
  readonly prefixLength: number;
  readonly label?: string;
}

/** A row of the kernel's main routing table. */
export interface ObservedRoute {
  readonly destination: Address;
  readonly prefixLength: number;
  readonly interface: string;
  readonly gateway?: Address;
  readonly metric: number;
}

export type OperatorRequest =
  | { readonly command: "status" }
  /** The decisions kept, at most the last so many. */
  | { readonly command: "why"; readonly last: number }
  /** Forget the failures of all groups here, and look again at what could not be stopped. */
  | { readonly command: "cleanup" }
  /** `node` is switched off: the takeover of its groups need not wait for its fencing any longer. */
  | { readonly command: "fenced"; readonly node: string }
  | { readonly command: "takeover"; readonly scope: ResourceScope }
  | { readonly command: "standby"; readonly scope: ResourceScope }
  /** The cluster file as it is now: its keys are taken, if nothing else differs. */
  | { readonly command: "reload"; readonly cluster: ClusterConfig }
  /** Forgets how far that node's numbering had come, for a node that lost its own state. */
  | { readonly command: "forget"; readonly node: string };

interface Stamped {
  readonly now: Instant;
  /** A fresh unsigned 32-bit random number; the core's only source of chance. */
  readonly draw: number;
}

export type Event = Stamped &
  (
    | { readonly type: "start" }
    /** The earliest deadline has passed. */
    | { readonly type: "tick" }
    /** `medium` is the id given in `NodeSetup.media`; `source` names the sender for counters and logs (address or device). */
    | { readonly type: "frame"; readonly medium: string; readonly source: string; readonly bytes: Uint8Array }
    /** An ICMP echo reply to this node; `bytes` is what it echoes. */
    | { readonly type: "echo"; readonly source: Address; readonly bytes: Uint8Array }
    /** A send failed, `medium` being the id of a medium or "ping ADDRESS"; `error` is one line with errno's name. */
    | { readonly type: "medium-error"; readonly medium: string; readonly error: string }
    /** The link that a medium names: a network interface, or a serial device whose modem lines show the other end. */
    | { readonly type: "carrier"; readonly interface: string; readonly up: boolean }
    /** What the kernel has now; comes after start, after every applied plan and whenever somebody changed it. */
    | {
        readonly type: "observed";
        readonly addresses: readonly ObservedAddress[];
        readonly routes: readonly ObservedRoute[];
      }
    /** A planned change could not be made. */
    | { readonly type: "change-failed"; readonly address: Address; readonly error: string }
    /** Somebody else claims `address` on our segment. */
    | { readonly type: "rival"; readonly interface: string; readonly address: Address; readonly mac: string }
    | { readonly type: "operator"; readonly request: OperatorRequest; readonly id: number }
    /** A program that `run` started has ended; `output` is the end of what it printed. */
    | {
        readonly type: "program-ended";
        readonly id: string;
        readonly outcome: ProgramOutcome;
        readonly output: string;
      }
    /** One attempt of a check; `detail` says in one line what was seen. */
    | { readonly type: "checked"; readonly id: string; readonly ok: boolean; readonly detail: string }
    /** Orderly end of this process: hand over, release, then `stopped`. */
    | { readonly type: "stop" }
  );

/** What a node is told once, before its first event. */
export interface NodeSetup {
  /** This node's name in the cluster file. */
  readonly self: string;
  readonly uuid: Uint8Array;
  /** heartbeat's generation number of this start: greater than that of every earlier start of this node. */
  readonly generation: number;
  /** It can reset the machine it runs on: by a watchdog that it pets, or by reboot(2). */
  readonly resettable?: boolean;
  /** The media of this node, in the order of the file. */
  readonly media: readonly MediumSetup[];
  /** How far each peer's numbering had come when this node last knew, by name. */
  readonly positions?: ReadonlyMap<string, Position>;
}

export interface MediumSetup {
  /** Unique within the node, stable, readable: "bcast eth1", "ucast eth0 192.168.140.152". */
  readonly id: string;
  readonly kind: "bcast" | "ucast" | "mcast" | "serial";
  /** What heartbeat prints as the link's name: the interface or the device. */
  readonly link: string;
}
