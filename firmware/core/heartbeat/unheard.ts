// How long a peer has claimed what this node claims without hearing this node. Only this node can end that, because the
// other one does not know of it.

import { nowOf, setPeer, type Turn } from "../turn.ts";

/** True when it has gone on for a deadtime. */
export function isUnheardTooLong(turn: Turn, name: string, unheard: boolean): boolean {
  const peer = turn.state.peers.get(name);
  if (peer === undefined) return false;
  const { unheardSince, ...rest } = peer;
  if (unheard !== (unheardSince !== undefined)) {
    setPeer(turn, unheard ? { ...rest, unheardSince: nowOf(turn) } : rest);
  }
  return unheard && nowOf(turn) - (unheardSince ?? nowOf(turn)) >= turn.state.cluster.heartbeat.deadtime;
}
