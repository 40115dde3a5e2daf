// A heartbeat message: an ordered list of named fields, text or binary, as Debian's heartbeat 3.0.6 exchanges them.
// This file knows the container and its limits; body.ts knows what the messages say, frame.ts how they travel.
// Text is one character per byte (text.ts), so every message survives decoding and encoding unchanged.

export interface Field {
  readonly name: string;
  readonly value: string | Uint8Array;
  /**
   * 2 struct, 3 list, 4 compressed text, 5 compressed struct: what heartbeat's CRM and clients of its API put into their messages,
   * compressed where ha.cf(5) says `compression`. Never looked into here: `value` is the byte string of its own frame format, so
   * that the message still counts in its sender's numbering.
   */
  readonly opaque?: OpaqueType;
}

export const OPAQUE_TYPES = [2, 3, 4, 5] as const;
export type OpaqueType = (typeof OPAQUE_TYPES)[number];

export function opaqueType(digit: string | undefined): OpaqueType | undefined {
  return OPAQUE_TYPES.find((type) => String(type) === digit);
}

export interface Message {
  readonly fields: readonly Field[];
}

/** The fields that heartbeat appends to every message; hex on the wire: seq, hg, ts. */
export interface Trailer {
  /** The sender's node name, lower case. */
  readonly src: string;
  readonly srcuuid?: Uint8Array;
  /** Absent from messages whose type starts with NS_. */
  readonly seq?: number;
  /** heartbeat's generation: grows with each start of the sender. Absent from ping node replies. */
  readonly hg?: number;
  /** The sender's wall clock, seconds since 1970. */
  readonly ts?: number;
  /** The sender's /proc/loadavg. Absent from messages whose type starts with NS_. */
  readonly ld?: string;
  /** Nodes of the cluster + hopfudge; bounds forwarding. */
  readonly ttl?: number;
}

/** heartbeat's own limits (MAXMSG, HOSTLENG, MAXNODE), and ours on what it leaves open. */
export const LIMITS = {
  /** A frame is shorter than this many bytes. */
  frame: 256 * 1024,
  /** A node name is shorter than this many characters. */
  nodeName: 100,
  nodes: 100,
  fields: 256,
  fieldName: 64,
  uuid: 16,
} as const;

/** The field that carries a classic frame's signature: written and taken off by the codec, never part of a message. */
export const AUTH_FIELD = "auth";

export function fieldValue(message: Message, name: string): string | Uint8Array | undefined {
  return message.fields.find((field) => field.name === name)?.value;
}

/** The value of a text field; undefined when it is absent, binary or opaque. */
export function text(message: Message, name: string): string | undefined {
  const field = message.fields.find((each) => each.name === name);
  return typeof field?.value === "string" && field.opaque === undefined ? field.value : undefined;
}

/** The value of a binary field; undefined when it is absent or text. */
export function bytes(message: Message, name: string): Uint8Array | undefined {
  const value = fieldValue(message, name);
  return typeof value === "string" ? undefined : value;
}

/** Messages of types starting with NS_ are outside the numbering: they carry neither seq nor ld. */
export function isControl(message: Message): boolean {
  return text(message, "t")?.startsWith("NS_") ?? false;
}

/** The message with its trailer appended in heartbeat's order; a field that it already has stays where it is. */
export function withTrailer(message: Message, trailer: Trailer): Message {
  const { src, srcuuid, seq, hg, ts, ld, ttl } = trailer;
  const added: Field[] = [{ name: "src", value: src }];
  if (srcuuid !== undefined) added.push({ name: "srcuuid", value: srcuuid });
  if (seq !== undefined) added.push({ name: "seq", value: seq.toString(16) });
  if (hg !== undefined) added.push({ name: "hg", value: hg.toString(16) });
  if (ts !== undefined) added.push({ name: "ts", value: ts.toString(16) });
  if (ld !== undefined) added.push({ name: "ld", value: ld });
  if (ttl !== undefined) added.push({ name: "ttl", value: String(ttl) });
  const present = new Set(message.fields.map((field) => field.name));
  return { fields: [...message.fields, ...added.filter((field) => !present.has(field.name))] };
}

/** What is wrong with a message as a container, or undefined. The same rules bind both formats and both directions. */
export function messageFault({ fields }: Message): string | undefined {
  if (fields.length === 0) return "has no fields";
  if (fields.length > LIMITS.fields) return `has ${fields.length} fields, more than ${LIMITS.fields}`;
  const seen = new Set<string>();
  for (const [index, { name, value, opaque }] of fields.entries()) {
    if (name.length > LIMITS.fieldName || !/^[!-~]+$/.test(name) || /^\(|=/.test(name)) {
      return `field ${index + 1}: a name is 1 to ${LIMITS.fieldName} printable characters without "=" or leading "("`;
    }
    if (name === AUTH_FIELD) return `field ${index + 1}: "${AUTH_FIELD}" is the codec's own`;
    // heartbeat would read the first of two; refusing leaves nothing to interpretation.
    if (seen.has(name)) return `field ${index + 1}: "${name}" appears twice`;
    seen.add(name);
    if (opaque === undefined && typeof value === "string" && !isFieldText(value)) {
      return `field ${index + 1}: "${name}" has a NUL, a line feed or a character above one byte in its text`;
    }
  }
  return undefined;
}

function isFieldText(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === 0 || code === 0x0a || code > 0xff) return false;
  }
  return true;
}
