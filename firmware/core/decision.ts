// The decision log: what this node decided, and the evidence that it had at that moment, as plain data that an operator can
// still ask for when the process is gone (`pulsebox why`). Each record is an action; nothing in the core ever reads one
// back, so the log can change no decision.

import type { Event } from "./event.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import type { Handover } from "./heartbeat/handover.ts";
import type { Peer } from "./heartbeat/membership.ts";
import type { SplitBrainRule } from "./heartbeat/ownership.ts";
import type { Reach } from "./heartbeat/reach.ts";
import { type Acquiring, type NodeState, partnerOf } from "./node.ts";
import { type Sides, without } from "./resource/sides.ts";
import type { Turn } from "./turn.ts";

/** What happened, in the order of a node's life. Names are those of the cluster file. */
export type Transition =
  | { readonly what: "started" }
  /** A node's heartbeat status, this node's own included. */
  | { readonly what: "status"; readonly node: string; readonly from: string; readonly to: string }
  | { readonly what: "dead"; readonly node: string; readonly rule: "deadtime" | "initdead" }
  /** A node that was called dead is heard again, in the life that it had before. */
  | { readonly what: "returned"; readonly node: string }
  /** A node is heard with a higher generation. */
  | { readonly what: "restarted"; readonly node: string }
  /** A node has announced its orderly end, and has completed it. */
  | { readonly what: "leaving" | "departed"; readonly node: string }
  | {
      readonly what: "gained" | "lost";
      readonly groups: readonly string[];
      readonly cause: Acquiring["cause"];
    }
  | {
      readonly what: "handover";
      readonly step: "begun" | "done" | "failed";
      readonly giver: string;
      readonly taker: string;
      /** Relative to the giver. */
      readonly scope: Handover["scope"];
      readonly cause: Handover["cause"];
      /** Why it failed. */
      readonly reason?: string;
    }
  /** Both nodes own these groups; the winner keeps them. */
  | {
      readonly what: "split-brain";
      readonly groups: readonly string[];
      readonly winner: string;
      readonly rule: SplitBrainRule;
    }
  /** `node` reaches more ping nodes (`there`) than this one (`here`), and has for long enough. */
  | { readonly what: "fewer-ping-nodes"; readonly node: string; readonly here: Reach; readonly there: Reach }
  /** A ping node or group answers again, or has not for `silent` ms. */
  | { readonly what: "ping-node"; readonly node: string; readonly answers: boolean; readonly silent?: number }
  /** A resource does not work or cannot be stopped, and what is done about it. */
  | {
      readonly what: "failed";
      readonly group: string;
      readonly resource: string;
      readonly reason: string;
      readonly then: "restart" | "give up" | "block" | "reset";
    }
  /** Fencing of a dead node: ended because it was heard again, confirmed by an operator who did it by hand. */
  | {
      readonly what: "fencing";
      readonly step: "begun" | "succeeded" | "confirmed" | "failed" | "ended";
      readonly node: string;
      readonly device?: string;
      readonly attempts?: number;
      readonly reason?: string;
    }
  | { readonly what: "operator"; readonly request: string }
  /** This node did not run for so many ms. */
  | { readonly what: "stood-still"; readonly ms: number }
  | { readonly what: "stopping" | "stopped" };

/** The event that was being decided: a message with its number, or what else came in. */
export type Trigger =
  | {
      readonly event: "frame";
      readonly from: string;
      /** heartbeat's type of the message, "status". */
      readonly message: string;
      /** Absent from control messages. */
      readonly sequence?: number;
      readonly generation?: number;
      readonly medium: string;
    }
  | { readonly event: Exclude<Event["type"], "frame"> };

export interface Decision {
  /** Counted from 1 in each life of the node. */
  readonly number: number;
  readonly node: string;
  readonly generation: number;
  /** Seconds since 1970, and milliseconds of the box's monotonic clock. */
  readonly wall: number;
  readonly monotonic: number;
  readonly transition: Transition;
  readonly trigger: Trigger;
  /** The decision, taken in the same step, from which this one follows. */
  readonly because?: number;
  /** About the node that it concerns, or about each peer. */
  readonly evidence: readonly Evidence[];
}

/** Adds to the log; to be called before the state forgets what it rests on. */
export function record(turn: Turn, transition: Transition): void {
  const { state, event } = turn;
  const number = state.decisions + 1;
  const earlier = turn.actions.findLast((action) => action.type === "record");
  const peers = concernedBy(state, transition);
  turn.state = { ...state, decisions: number };
  turn.actions.push({
    type: "record",
    decision: {
      number,
      node: state.setup.self,
      generation: state.setup.generation,
      wall: event.now.wall,
      monotonic: event.now.monotonic,
      transition,
      trigger: triggerOf(turn),
      ...(earlier !== undefined && { because: earlier.decision.number }),
      evidence: peers.map((peer) => evidenceOf(state, peer, event.now.monotonic)),
    },
  });
}

/** The node that it names, else every peer; a change of status and a start speak for themselves. */
function concernedBy({ peers }: NodeState, transition: Transition): readonly Peer[] {
  if (["status", "started", "failed"].includes(transition.what)) return [];
  const named = "node" in transition ? transition.node : undefined;
  return [...peers.values()].filter(({ name }) => named === undefined || named === name);
}

function triggerOf({ event, message }: Turn): Trigger {
  if (event.type !== "frame") return { event: event.type };
  const trailer = message?.trailer;
  return {
    event: "frame",
    from: trailer?.src ?? event.source,
    message: message?.type ?? "unknown",
    ...(trailer?.seq !== undefined && { sequence: trailer.seq }),
    ...(trailer?.hg !== undefined && { generation: trailer.hg }),
    medium: event.medium,
  };
}

/** Records what a changed claim gains and loses. */
export function recordClaim(turn: Turn, before: Sides, after: Sides, cause: Acquiring["cause"]): void {
  const lost = groupWords(turn.state, without(before, after));
  const gained = groupWords(turn.state, without(after, before));
  if (lost.length > 0) record(turn, { what: "lost", groups: lost, cause });
  if (gained.length > 0) record(turn, { what: "gained", groups: gained, cause });
}

/** The groups of some sides as people know them: the words of the haresources line. */
export function groupWords({ cluster }: NodeState, sides: Sides): readonly string[] {
  return cluster.resources
    .filter(({ node }) => sides.has(node))
    .map(({ node, resources }) => [node, ...resources.map(({ word }) => word)].join(" "));
}

export function recordHandover(
  turn: Turn,
  step: "begun" | "done" | "failed",
  { role, scope, cause }: Pick<Handover, "role" | "scope" | "cause">,
  reason?: string,
): void {
  const { self } = turn.state.setup;
  const other = partnerOf(turn.state)?.name ?? "";
  const [giver, taker] = role === "giver" ? [self, other] : [other, self];
  record(turn, {
    what: "handover",
    step,
    giver,
    taker,
    scope,
    cause,
    ...(reason !== undefined && { reason }),
  });
}
