// What both frame formats have in common: a signature "N DIGEST", the bytes it covers, and fields that stay unparsed
// until the signature was found good, so that bytes of strangers meet as little code as possible.

import type { Signature } from "./auth.ts";
import type { Field } from "./message.ts";

/** Why a frame is malformed, in words. */
export interface Fault {
  readonly fault: string;
}

export interface Envelope {
  readonly signature: Signature;
  /** Byte string (text.ts) that the signature covers. */
  readonly signed: string;
  fields(): readonly Field[] | Fault;
}

/** "N DIGEST" with N in 0 to 15 and at most SHA-1's 40 lower-case hex digits. */
export function parseSignature(text: string): Signature | Fault {
  const match = /^([0-9]|1[0-5]) ([0-9a-f]{1,40})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    return { fault: "its signature is not a key id (0 to 15) and 1 to 40 hex digits" };
  }
  return { id: Number(match[1]), digest: match[2] };
}

export function signatureText({ id, digest }: Signature): string {
  return `${id} ${digest}`;
}
