// From a frame's bytes to what it says. The same frame comes once on each medium, and most of the work of an idle node would be
// to verify and parse copies: what the last genuine frame said is kept, and a copy is known by its bytes.

import type { NodeState } from "../node.ts";
import type { Turn } from "../turn.ts";
import type { Authenticator } from "./auth.ts";
import type { InvalidMessage, KnownMessage, UnknownMessage } from "./body.ts";
import { classify } from "./classify.ts";
import { type DecodedFrame, decodeFrame } from "./frame.ts";
import type { Message } from "./message.ts";

export interface ReadFrame {
  readonly raw: Message;
  readonly message: KnownMessage | UnknownMessage | InvalidMessage;
}

/** The last genuine frame, and the keys by which it was found so. */
export interface LastFrame extends ReadFrame {
  readonly bytes: Uint8Array;
  readonly auth: Authenticator;
}

export type FrameReading = ({ readonly ok: true } & ReadFrame) | Extract<DecodedFrame, { ok: false }>;

export function readFrame(turn: Turn, bytes: Uint8Array): FrameReading {
  const { lastFrame, auth } = turn.state;
  if (lastFrame !== undefined && isCopy(lastFrame, bytes, turn.state)) return { ok: true, ...lastFrame };
  const decoded = decodeFrame(bytes, auth);
  if (!decoded.ok) return decoded;
  const read = { raw: decoded.message, message: classify(decoded.message) };
  turn.state = { ...turn.state, lastFrame: { ...read, bytes, auth } };
  return { ok: true, ...read };
}

/** Keys that have been replaced since may no longer vouch for it. */
function isCopy(last: LastFrame, bytes: Uint8Array, { auth }: NodeState): boolean {
  if (last.auth !== auth || last.bytes.length !== bytes.length) return false;
  return bytes.every((byte, at) => byte === last.bytes[at]);
}
