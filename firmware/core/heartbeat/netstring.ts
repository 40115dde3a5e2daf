// heartbeat's netstring frame format: "###\n", one "LEN:(T)name=value," per field (T: 0 text, 1 binary; LEN counts from
// the parenthesis), "%%%\n", then the signature "LEN:N DIGEST," over everything before it. The form LEN:bytes, is
// D. J. Bernstein's netstring. heartbeat's other field types (2 struct, 3 list, 4 and 5 compressed) are kept as they are, unread.
// Strings here are byte strings (text.ts).

import type { Envelope, Fault } from "./envelope.ts";
import { parseSignature } from "./envelope.ts";
import { AUTH_FIELD, type Field, LIMITS, opaqueType } from "./message.ts";
import { latin1Bytes, latin1Text } from "./text.ts";

export const NETSTRING_START = "###\n";
const END = "%%%\n";

/** The part of a frame that its signature covers; `innerAuth` is the classic signature that 3.0.6 adds by default. */
export function netstringBody(fields: readonly Field[], innerAuth?: string): string {
  let body = NETSTRING_START;
  for (const { name, value, opaque } of fields) {
    body += netstring(
      typeof value === "string" ? `(${opaque ?? 0})${name}=${value}` : `(1)${name}=${latin1Text(value)}`,
    );
  }
  if (innerAuth !== undefined) body += netstring(`(0)${AUTH_FIELD}=${innerAuth}`);
  return body + END;
}

export function netstringFrame(body: string, signature: string): string {
  return body + netstring(signature);
}

/** Takes a frame apart as far as its signature; the fields are parsed only when asked for, after verification. */
export function openNetstring(frame: string): Envelope | Fault {
  // A signature holds no "%", so the last end marker is the right one whatever binary fields contain.
  const end = frame.lastIndexOf(END);
  if (end < NETSTRING_START.length) return { fault: `has no end marker "%%%"` };
  const signed = frame.slice(0, end + END.length);
  const last = readNetstring(frame, signed.length);
  if ("fault" in last) return { fault: `its signature ${last.fault}` };
  if (last.next !== frame.length)
    return { fault: `has ${frame.length - last.next} bytes after its signature` };
  const signature = parseSignature(last.content);
  if ("fault" in signature) return signature;
  return { signature, signed, fields: () => parseFields(frame.slice(NETSTRING_START.length, end)) };
}

function parseFields(region: string): readonly Field[] | Fault {
  const fields: Field[] = [];
  let at = 0;
  for (let index = 1; at < region.length; index++) {
    // One more than a message may have: the inner signature.
    if (index > LIMITS.fields + 1) return { fault: `has more than ${LIMITS.fields} fields` };
    const item = readNetstring(region, at);
    if ("fault" in item) return { fault: `field ${index} ${item.fault}` };
    const equals = item.content.indexOf("=");
    const type = /^\(([0-5])\)/.exec(item.content)?.[1];
    if (equals < 0) return { fault: `field ${index} has no "="` };
    if (type === undefined) return { fault: `field ${index}: its type is not (0) to (5)` };
    const opaque = opaqueType(type);
    const name = item.content.slice(3, equals);
    const value = item.content.slice(equals + 1);
    // The outer signature has vouched for the inner one, which real receivers of this format ignore too.
    if (opaque !== undefined) fields.push({ name, value, opaque });
    else if (name !== AUTH_FIELD) fields.push({ name, value: type === "0" ? value : latin1Bytes(value) });
    at = item.next;
  }
  return fields;
}

function netstring(content: string): string {
  return `${content.length}:${content},`;
}

/** The netstring at `at`; `next` is the offset after its comma. Lengths are decimal without leading zeros. */
function readNetstring(source: string, at: number): { content: string; next: number } | Fault {
  const match = /^(0|[1-9][0-9]{0,5}):/.exec(source.slice(at, at + 7));
  if (match?.[1] === undefined) return { fault: `at byte ${at} does not start with a length and a colon` };
  const length = Number(match[1]);
  const start = at + match[0].length;
  if (start + length >= source.length) return { fault: `of length ${length} runs past the end` };
  if (source[start + length] !== ",") return { fault: `of length ${length} does not end with a comma` };
  return { content: source.slice(start, start + length), next: start + length + 1 };
}
