// How far each peer's numbering has come, kept from one start of this node to the next: a node that knows nothing would take a
// recording of a dead peer's last session for the peer itself. A higher generation always gets through, as heartbeat's own
// rule has it; a peer whose state and clock were reset speaks under a lower one, is refused like a replay, and is let in again
// when an operator says so.

import { log, nowOf, setPeer, type Turn } from "../turn.ts";
import { createInbox, duplicateWindow, type Position } from "./inbox.ts";
import { WORDS } from "./log-words.ts";
import type { Peer } from "./membership.ts";

/** While nothing happens, a position is kept again after so many ms: what was recorded since could be played back once. */
const KEEP_AGAIN = 10_000;

/** Gives away what has changed, at each new generation, death and end of this node, and otherwise every ten seconds. */
export function keepPositions(turn: Turn): void {
  const { peers, self } = turn.state;
  for (const peer of peers.values()) {
    const { position } = peer.inbox;
    if (position === undefined || !peer.inbox.heard) continue;
    if (!isWorthKeeping(peer, position, self.phase === "stopping", nowOf(turn))) continue;
    setPeer(turn, { ...peer, kept: { ...position, at: nowOf(turn) } });
    turn.actions.push({ type: "remember", node: peer.name, position });
  }
}

function isWorthKeeping({ kept, status }: Peer, position: Position, ending: boolean, now: number): boolean {
  if (kept === undefined || kept.generation !== position.generation) return true;
  if (kept.sequence === position.sequence) return false;
  return status === "dead" || ending || now - kept.at >= KEEP_AGAIN;
}

/** Forgets the numbering of `name`; returns why not, in words, if that would serve nobody. */
export function forgetPosition(turn: Turn, name: string): string | undefined {
  const { peers, cluster, setup } = turn.state;
  const peer = peers.get(name);
  if (peer === undefined) return `${name} is not one of the other nodes: ${[...peers.keys()].join(", ")}`;
  if (peer.status !== "dead" && peer.status !== "unknown")
    return `${name} is heard, so there is nothing to forget`;
  const { kept: _, ...rest } = peer;
  const { deadtime } = cluster.heartbeat;
  const window = duplicateWindow(deadtime, setup.media);
  const inbox = createInbox({ peer: name, duplicateWindow: window, draw: turn.event.draw });
  setPeer(turn, { ...rest, departed: false, inbox });
  turn.actions.push({ type: "forget", node: name });
  log(turn, WORDS.forgotten(name));
  return undefined;
}
