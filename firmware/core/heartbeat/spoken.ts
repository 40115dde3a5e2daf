// Which of heartbeat's words this cluster speaks: with `auto_failback legacy` nobody tells what it holds and nothing is handed
// over, so that 3.0.6 neither says nor heeds the words for it.

import type { NodeState } from "../node.ts";
import type { MessageBody } from "./body.ts";

const NOT_IN_LEGACY: ReadonlySet<MessageBody["type"]> = new Set([
  "starting",
  "resource",
  "ask_resources",
  "hb_takeover",
]);

/** Between two nodes, as heartbeat's resource protocol altogether. */
export function isLegacy({ cluster, peers }: NodeState): boolean {
  return cluster.heartbeat.autoFailback === "legacy" && peers.size === 1;
}

/** Never sent here, and not acted upon when a peer that is set otherwise says it. */
export function isUnspoken(state: NodeState, type: MessageBody["type"]): boolean {
  return isLegacy(state) && NOT_IN_LEGACY.has(type);
}
