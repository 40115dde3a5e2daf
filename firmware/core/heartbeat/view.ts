// What a pulsebox node adds to each of its status messages: one text field that real heartbeat nodes ignore, and by
// which two of ours know each other. Being repeated with every keepalive, it makes negotiation depend on what is true
// now, not on each message having arrived: what was lost is said again, and what is stale is overtaken.

import type { ClusterConfig } from "../config/cluster.ts";
import { holdingOf, isNone, NONE, type Sides, sidesOf } from "../resource/sides.ts";
import type { Holding } from "./body.ts";
import { type ClusterView, clusterWords, parseClusterWords, parseSides } from "./cluster-view.ts";
import type { Field } from "./message.ts";

export interface NodeView {
  /** What the node has decided to own. */
  readonly claim: Sides;
  /** Of which sides its kernel has any address, claimed or not yet released. */
  readonly has: Sides;
  /** What it already owned when it last declared its peer dead. */
  readonly kept: Sides;
  /** True while its claim rests on the peer's death and the living peer has not settled with it. */
  readonly alone: boolean;
  /** True when what it claims and what it has agree, and no hand-over is under way. */
  readonly stable: boolean;
  /** Its part in a hand-over. */
  readonly handover: "none" | "giver" | "taker";
  /** Sides of which a group has failed on it; absent: none. */
  readonly failed?: Sides;
  /** The living peer's generation and the highest number heard of it; absent while it is unknown or dead. */
  readonly hears?: { readonly generation: number; readonly sequence: number };
  /** In a cluster of three or more, where kept, alone, handover and hears say nothing. */
  readonly cluster?: ClusterView;
}

export const VIEW_FIELD = "pulsebox";
/** Of a pair, and of a cluster of three or more. */
const VERSION = "1";
const CLUSTER_VERSION = "2";

/** The view of the node `self`. */
export function viewField(view: NodeView, self: string): Field {
  if (view.cluster !== undefined) return clusterField(view, view.cluster);
  const hears =
    view.hears === undefined
      ? "-"
      : `${view.hears.generation.toString(16)}:${view.hears.sequence.toString(16)}`;
  const holdings = [view.claim, view.has, view.kept].map((sides) => holdingOf(sides, self)).join(" ");
  const flags = `${view.alone ? "alone" : "paired"} ${view.stable ? "stable" : "changing"} ${view.handover}`;
  const failed = view.failed?.size ? ` failed ${holdingOf(view.failed, self)}` : "";
  return { name: VIEW_FIELD, value: `${VERSION} ${holdings} ${flags} ${hears}${failed}` };
}

function clusterField({ claim, has, failed = NONE, stable }: NodeView, cluster: ClusterView): Field {
  const sides = [claim, has, failed].map((each) => [...each].join("+") || "-").join(" ");
  const state = cluster.leaving ? "leaving" : stable ? "stable" : "changing";
  return { name: VIEW_FIELD, value: `${CLUSTER_VERSION} ${sides} ${state} ${clusterWords(cluster)}` };
}

const HOLDING = "(none|local|foreign|all)";
const PATTERN = new RegExp(
  `^${VERSION} ${HOLDING} ${HOLDING} ${HOLDING} (alone|paired) (stable|changing) (none|giver|taker) (?:-|([0-9a-f]{1,14}):([0-9a-f]{1,14}))(?: failed (local|foreign|all))?$`,
);

/** What the node `sender` shows; undefined for anything that `viewField` of this version would not have written. */
export function parseView(text: string, sender: string, cluster: ClusterConfig): NodeView | undefined {
  if (cluster.nodes.length > 2) return parseClusterField(text, cluster);
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, claim, has, kept, alone, stable, handover, generation, sequence, failed] = match;
  const sides = (holding: string | undefined): Sides => sidesOf(holding as Holding, sender, cluster);
  return {
    claim: sides(claim),
    has: sides(has),
    kept: sides(kept),
    alone: alone === "alone",
    stable: stable === "stable",
    handover: handover as NodeView["handover"],
    ...(failed !== undefined && { failed: sides(failed) }),
    ...(generation !== undefined &&
      sequence !== undefined && {
        hears: { generation: Number.parseInt(generation, 16), sequence: Number.parseInt(sequence, 16) },
      }),
  };
}

function parseClusterField(text: string, cluster: ClusterConfig): NodeView | undefined {
  const [version, claimed = "", had = "", broken = "", state = "", ...words] = text.split(" ");
  if (version !== CLUSTER_VERSION || !["stable", "changing", "leaving"].includes(state)) return undefined;
  const [claim, has, failed] = [claimed, had, broken].map((word) => parseSides(word, cluster));
  const view = parseClusterWords(words, state === "leaving", cluster);
  if (claim === undefined || has === undefined || failed === undefined || view === undefined)
    return undefined;
  const ofPairs = { kept: NONE, alone: false, handover: "none" } as const;
  const failures = isNone(failed) ? {} : { failed };
  return { claim, has, stable: state === "stable", ...ofPairs, ...failures, cluster: view };
}
