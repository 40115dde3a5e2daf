// One step under way: the state so far and the actions so far. Only step() makes a turn and only during its own call;
// states inside it are replaced, never changed, so the caller's state stays as it was.

import type { Action } from "./action.ts";
import type { Event } from "./event.ts";
import type { InvalidMessage, KnownMessage, MessageBody, UnknownMessage } from "./heartbeat/body.ts";
import { compose } from "./heartbeat/compose.ts";
import { encodeClassic, encodeNetstring } from "./heartbeat/frame.ts";
import type { LogLine } from "./heartbeat/log-words.ts";
import type { Peer } from "./heartbeat/membership.ts";
import type { Field, Message } from "./heartbeat/message.ts";
import { number } from "./heartbeat/outbox.ts";
import { isUnspoken } from "./heartbeat/spoken.ts";
import { invariant } from "./invariant.ts";
import type { NodeState, Self } from "./node.ts";
import { telling } from "./told.ts";

export interface Turn {
  state: NodeState;
  readonly event: Event;
  /** What the event's frame says, once it has been found genuine. */
  message?: KnownMessage | UnknownMessage | InvalidMessage;
  readonly actions: Action[];
  /** True when nothing has become due by the event that was not due before it, as by a copy of a frame. */
  quiet?: boolean;
}

/** Monotonic ms. */
export function nowOf(turn: Turn): number {
  return turn.event.now.monotonic;
}

export function setSelf(turn: Turn, change: Partial<Self>): void {
  turn.state = { ...turn.state, self: { ...turn.state.self, ...change } };
}

/** Replaces what is known of the node that `peer` names. */
export function setPeer(turn: Turn, peer: Peer): void {
  turn.state = { ...turn.state, peers: new Map(turn.state.peers).set(peer.name, peer) };
}

/** As it is by now: what is done about a message changes its sender more than once. */
export function peerNamed(turn: Turn, name: string): Peer {
  const peer = turn.state.peers.get(name);
  invariant(peer !== undefined, `${name} is a peer of ${turn.state.setup.self}`);
  return peer;
}

export function log(turn: Turn, { severity, text }: LogLine): void {
  turn.actions.push({ type: "log", severity, text });
}

/** Logs a line that outsiders can cause: once a minute for each `cause`. */
export function logRarely(turn: Turn, cause: string, line: LogLine): void {
  const { told, tell } = telling(turn.state.told, cause, nowOf(turn));
  if (!tell) return;
  turn.state = { ...turn.state, told };
  log(turn, line);
}

/** Numbers, signs and sends a message on every medium. `extra` fields come after those of the body. */
export function send(turn: Turn, body: MessageBody, extra: readonly Field[] = []): void {
  if (isUnspoken(turn.state, body.type)) return;
  const { setup, cluster, self } = turn.state;
  const { fields } = compose(body);
  const stamp = {
    src: setup.self,
    srcuuid: setup.uuid,
    ts: turn.event.now.wall,
    ttl: cluster.nodes.length + cluster.heartbeat.hopfudge,
  };
  const [outbox, message] = number(self.outbox, { fields: [...fields, ...extra] }, stamp);
  setSelf(turn, { outbox });
  transmit(turn, message, body.type === "status" ? { topic: `status ${setup.self}` } : {});
}

/** Signs and sends a numbered message as it is. */
export function transmit(turn: Turn, message: Message, about: { readonly topic?: string } = {}): void {
  const { setup, cluster, auth } = turn.state;
  // A real heartbeat node checks netstring frames with its sending key whatever key they name, classic ones correctly.
  const rotating = cluster.heartbeat.auth.keys.length > 1;
  const speaksClassic = (kind: string): boolean => rotating || kind === "serial";
  const classic = setup.media.filter(({ kind }) => speaksClassic(kind)).map(({ id }) => id);
  const netstring = setup.media.filter(({ kind }) => !speaksClassic(kind)).map(({ id }) => id);
  if (netstring.length > 0) {
    turn.actions.push({ type: "send", media: netstring, bytes: encodeNetstring(message, auth), ...about });
  }
  if (classic.length > 0) {
    turn.actions.push({ type: "send", media: classic, bytes: encodeClassic(message, auth), ...about });
  }
}
