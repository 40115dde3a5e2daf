// Frames of heartbeat 3.0.6: a signed message in one of two formats. Receivers accept both everywhere; UDP senders use
// netstring, serial media carry classic. Nothing a sender can write makes decoding throw: bad frames are values.
// While keys are being replaced, send classic to a real node: it checks netstring frames of any key id with its own
// sending key, and classic frames with the key that they name.

import type { Authenticator } from "./auth.ts";
import { CLASSIC_START, classicFrame, classicLines, openClassic } from "./classic.ts";
import { type Envelope, type Fault, signatureText } from "./envelope.ts";
import { LIMITS, type Message, messageFault } from "./message.ts";
import { NETSTRING_START, netstringBody, netstringFrame, openNetstring } from "./netstring.ts";
import { latin1Bytes, latin1Text } from "./text.ts";

export type FrameFormat = "netstring" | "classic";

export type DecodedFrame =
  | { readonly ok: true; readonly message: Message; readonly format: FrameFormat; readonly authId: number }
  | { readonly ok: false; readonly reason: "malformed" | "unauthenticated"; readonly detail: string };

export interface NetstringOptions {
  /** Adds the classic signature as a last field, as a node with `msgfmt classic` (the default) does. */
  readonly innerAuth?: boolean;
}

/** Throws on a message that breaks the rules of message.ts or exceeds the frame limit. */
export function encodeNetstring(
  message: Message,
  auth: Authenticator,
  { innerAuth = false }: NetstringOptions = {},
): Uint8Array {
  assertEncodable(message);
  const { fields } = message;
  const body = netstringBody(fields, innerAuth ? signed(classicLines(fields), auth) : undefined);
  return sized(netstringFrame(body, signed(body, auth)));
}

/** Throws on a message that breaks the rules of message.ts or exceeds the frame limit. */
export function encodeClassic(message: Message, auth: Authenticator): Uint8Array {
  assertEncodable(message);
  const torn = message.fields.find(
    ({ value, opaque }) => opaque && typeof value === "string" && /[\0\n]/.test(value),
  );
  if (torn) throw new Error(`message cannot be sent: "${torn.name}" does not fit into lines`);
  const lines = classicLines(message.fields);
  return sized(classicFrame(lines, signed(lines, auth)));
}

/** Checks the signature before it looks at any field. The message comes without its inner signature, if it had one. */
export function decodeFrame(bytes: Uint8Array, auth: Authenticator): DecodedFrame {
  if (bytes.length >= LIMITS.frame)
    return malformed(`frame of ${bytes.length} bytes; allowed: < ${LIMITS.frame}`);
  const frame = latin1Text(bytes);
  if (frame.startsWith(NETSTRING_START)) return verified("netstring", openNetstring(frame), auth);
  if (frame.startsWith(CLASSIC_START)) return verified("classic", openClassic(frame), auth);
  return malformed(`frame of ${bytes.length} bytes starts with neither "###" nor ">>>"`);
}

function verified(format: FrameFormat, envelope: Envelope | Fault, auth: Authenticator): DecodedFrame {
  if ("fault" in envelope) return malformed(`${format} frame: ${envelope.fault}`);
  const { id, digest } = envelope.signature;
  if (!auth.verify(id, digest, latin1Bytes(envelope.signed))) {
    const detail = `${format} frame: its signature with key ${id} is not ours`;
    return { ok: false, reason: "unauthenticated", detail };
  }
  const fields = envelope.fields();
  if ("fault" in fields) return malformed(`${format} frame: ${fields.fault}`);
  const fault = messageFault({ fields });
  if (fault !== undefined) return malformed(`${format} frame: ${fault}`);
  return { ok: true, message: { fields }, format, authId: id };
}

function malformed(detail: string): DecodedFrame {
  return { ok: false, reason: "malformed", detail };
}

function signed(text: string, auth: Authenticator): string {
  return signatureText(auth.sign(latin1Bytes(text)));
}

function assertEncodable(message: Message): void {
  const fault = messageFault(message);
  if (fault !== undefined) throw new Error(`message cannot be sent: ${fault}`);
}

function sized(frame: string): Uint8Array {
  if (frame.length >= LIMITS.frame) {
    throw new RangeError(`frame of ${frame.length} bytes cannot be sent; allowed: < ${LIMITS.frame}`);
  }
  return latin1Bytes(frame);
}
