// What heartbeat 3.0.6 nodes say to each other, as typed values: status, reliability, node exchange, resource
// negotiation and ipfail. The discriminant is the wire's own message type. compose.ts and classify.ts turn these into
// messages and back, so that nothing else reads raw text; numbers and names here are validated and bounded.

import type { ResourceScope } from "../event.ts";
import type { Trailer } from "./message.ts";

/** What a node says that it is; `dead` is said only by `shutdone`. */
export type NodeStatus = "init" | "up" | "active";

/** What a node says that it holds, relative to itself. */
export type Holding = "none" | ResourceScope;

/** Why a `resource` message was sent; absent or unknown means a plain update. */
export type ResourceReason = "shutdown" | "standby" | "req_our_resources()" | "mach_down";

/** heartbeat's words (ha_msg.h, T_STONITH_*); with the two bad ones nothing is taken over yet. */
export type StonithResult = "OK" | "n_stnth" | "unneeded" | "bad" | "badhost";

export interface Addressed {
  /** The node meant; the others count the message's sequence number and ignore the rest. */
  readonly dest: string;
  /** 16 bytes, when the sender knows them. */
  readonly destuuid?: Uint8Array;
}

/** To one node; `uuid` as far as it is known. */
export function addressed(node: string, uuid: Uint8Array | undefined): Addressed {
  return { dest: node, ...(uuid && { destuuid: uuid }) };
}

interface FromIpfail extends Addressed {
  /** ipfail's registration count with its node; 0 on a first start. */
  readonly clientGeneration: number;
}

export type MessageBody =
  /**
   * `deadtime`: milliseconds of silence after which the sender wants to be called dead. `protocol` absent: no acks, no node
   * exchange.
   */
  | {
      readonly type: "status";
      readonly status: NodeStatus;
      readonly deadtime: number;
      readonly protocol?: number;
    }
  | { readonly type: "starting" }
  | { readonly type: "shutdone" }
  /** `stable` is absent from mach_down announcements only. */
  | {
      readonly type: "resource";
      readonly holds: Holding;
      readonly stable?: boolean;
      readonly reason?: ResourceReason;
    }
  /** The hand-over handshake: `me` asks to be relieved of `scope`, `other` agrees, `done` ends it. */
  | { readonly type: "ask_resources"; readonly scope: ResourceScope; readonly step: "me" | "other" | "done" }
  | { readonly type: "hb_takeover"; readonly scope: ResourceScope }
  /** `group`: its first haresources word. Spoken with auto_failback legacy alone. */
  | { readonly type: "ip-request"; readonly group: string }
  | (Addressed & {
      readonly type: "ip-request-resp";
      readonly group: string;
      readonly owned: boolean;
      readonly ok: boolean;
    })
  /** The outcome of fencing `node`; n_stnth: no fencing device is configured. */
  | { readonly type: "stonith"; readonly node: string; readonly result: StonithResult }
  | (Addressed & { readonly type: "reqnodes" })
  | (Addressed & {
      readonly type: "repnodes";
      readonly nodes: readonly string[];
      readonly deleted: readonly string[];
    })
  | { readonly type: "addnode"; readonly nodes: readonly string[] }
  | { readonly type: "delnode"; readonly nodes: readonly string[] }
  | (Addressed & { readonly type: "NS_ackmsg"; readonly sequence: number })
  | (Addressed & { readonly type: "NS_rexmit"; readonly first: number; readonly last: number })
  | (Addressed & { readonly type: "NS_nak_rexmit"; readonly sequence: number })
  /** A ping node's echo of what a node of ours signed; `src` is the ping node. */
  | { readonly type: "NS_st" }
  | { readonly type: "hbapi-clstat"; readonly clientGeneration: number }
  | (FromIpfail & { readonly type: "num_ping_nodes"; readonly pingNodes: number })
  | (FromIpfail & { readonly type: "you_are_dead" })
  | (FromIpfail & { readonly type: "abort_giveup" });

export type KnownMessage = MessageBody & { readonly trailer: Trailer };
export type Known<T extends KnownMessage["type"]> = Extract<KnownMessage, { type: T }>;

/** A message of a type that is not ours, with a valid trailer: it counts in its sender's numbering. */
export interface UnknownMessage {
  readonly type: "unknown";
  /** Its type on the wire. */
  readonly name: string;
  readonly trailer: Trailer;
}

/** Signed by a key of ours and yet not what heartbeat says. `trailer` is there when it is valid in itself. */
export interface InvalidMessage {
  readonly type: "invalid";
  /** Every fault, in words. */
  readonly detail: string;
  readonly trailer?: Trailer;
}
