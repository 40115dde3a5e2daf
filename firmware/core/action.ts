// Everything the core can ask for, as data. Edge actions are done once, in order; the wanted addresses are a level:
// plan() compares them with what the kernel has, and applying the same plan twice changes nothing.

import type { Address } from "./config/cluster.ts";
import type { Decision } from "./decision.ts";
import type { Position } from "./heartbeat/inbox.ts";
import type { CheckSpec, Program } from "./program.ts";
import type { Snapshot } from "./snapshot.ts";

/** heartbeat's own words for severities. */
export type Severity = "debug" | "info" | "WARN" | "ERROR" | "CRIT";

export interface WantedAddress {
  readonly interface: string;
  readonly address: Address;
  readonly prefixLength: number;
  readonly broadcast?: Address;
  /** At most 15 characters, "eth0:0" as IPaddr makes them. */
  readonly label: string;
}

export type Action =
  /**
   * The same bytes on each of the media named. A frame with a topic overtakes others, and above all older ones with the same
   * topic, on a medium that is slower than what is sent.
   */
  | {
      readonly type: "send";
      readonly media: readonly string[];
      readonly bytes: Uint8Array;
      readonly topic?: string;
    }
  | { readonly type: "log"; readonly severity: Severity; readonly text: string }
  /** Gratuitous ARP for an address that this node holds: one packet of the form given. */
  | {
      readonly type: "announce";
      readonly interface: string;
      readonly address: Address;
      readonly form: "request" | "reply";
    }
  /** The wanted addresses may have changed: plan and apply, then report `observed`. */
  | { readonly type: "reconcile" }
  /** One ICMP echo request to a ping node. */
  | { readonly type: "ping"; readonly target: Address; readonly bytes: Uint8Array }
  /** Starts a program; `id` is unique among all runs of this process and comes back with `program-ended`. */
  | { readonly type: "run"; readonly id: string; readonly program: Program }
  /** Ends a program that `run` started: SIGTERM, and SIGKILL when that does not help; `program-ended` follows. */
  | { readonly type: "kill"; readonly id: string }
  /** The complete list of the checks that are to go on from now. */
  | { readonly type: "check"; readonly checks: readonly CheckSpec[] }
  /** Keeps a decision and its evidence for people. */
  | { readonly type: "record"; readonly decision: Decision }
  /** Keeps how far a peer's numbering has come for the next start; `forget` drops it. */
  | { readonly type: "remember"; readonly node: string; readonly position: Position }
  | { readonly type: "forget"; readonly node: string }
  /** Answer of an operator request; `error` when it was refused; `last`: with so many of the decisions kept. */
  | {
      readonly type: "answer";
      readonly id: number;
      readonly error?: string;
      readonly last?: number;
      readonly snapshot: Snapshot;
    }
  /** Reset this machine at once: something cannot be stopped. Nothing is asked for after this. */
  | { readonly type: "self-fence"; readonly reason: string }
  /** The orderly end is complete; the process may exit. */
  | { readonly type: "stopped" };
