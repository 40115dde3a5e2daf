// Frames for fuzzing: what a heartbeat node may say, in both formats, and the same damaged: mutated, spliced and truncated as
// bytes, or mutated inside and signed anew, so that the damage gets past the signature.

import fc from "fast-check";
import type { AuthConfig } from "../../../firmware/core/config/cluster.ts";
import { type Authenticator, createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import type { MessageBody } from "../../../firmware/core/heartbeat/body.ts";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { encodeClassic, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import { type Message, withTrailer } from "../../../firmware/core/heartbeat/message.ts";
import { latin1Bytes, latin1Text } from "../../../firmware/core/heartbeat/text.ts";

type Format = "netstring" | "classic";

const formats = fc.constantFrom<Format>("netstring", "classic");

const names = fc.constantFrom("director1", "director2", "director3", "stranger");
const scopes = fc.constantFrom("all", "local", "foreign");
const numbers = fc.oneof(fc.nat(30), fc.nat(1000), fc.maxSafeNat());

/** Whatever can be said; numbers and names near those of the node that hears it. */
const bodies: fc.Arbitrary<MessageBody> = fc.oneof(
  fc.record({
    type: fc.constant("status"),
    status: fc.constantFrom("init", "up", "active"),
    deadtime: fc.oneof(fc.constant(1000), fc.integer({ min: 1, max: 100_000 })),
    protocol: fc.constant(1),
  }),
  fc.record({ type: fc.constant("starting") }),
  fc.record({ type: fc.constant("shutdone") }),
  fc.record({
    type: fc.constant("resource"),
    holds: fc.constantFrom("none", "all", "local", "foreign"),
    stable: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("resource"),
    holds: fc.constantFrom("none", "all", "local", "foreign"),
    stable: fc.boolean(),
    reason: fc.constantFrom("shutdown", "standby", "req_our_resources()", "mach_down"),
  }),
  fc.record({
    type: fc.constant("ask_resources"),
    scope: scopes,
    step: fc.constantFrom("me", "other", "done"),
  }),
  fc.record({ type: fc.constant("hb_takeover"), scope: scopes }),
  fc.record({ type: fc.constant("ip-request"), group: fc.ipV4() }),
  fc.record({
    type: fc.constant("ip-request-resp"),
    dest: names,
    group: fc.ipV4(),
    owned: fc.boolean(),
    ok: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("stonith"),
    node: names,
    result: fc.constantFrom("OK", "n_stnth", "unneeded", "bad", "badhost"),
  }),
  fc.record({ type: fc.constant("reqnodes"), dest: names }),
  fc.record({
    type: fc.constant("repnodes"),
    dest: names,
    nodes: fc.array(names, { maxLength: 4 }),
    deleted: fc.array(names, { maxLength: 2 }),
  }),
  fc.record({ type: fc.constantFrom("addnode", "delnode"), nodes: fc.array(names, { maxLength: 4 }) }),
  fc.record({ type: fc.constant("NS_ackmsg"), dest: names, sequence: numbers }),
  fc.record({ type: fc.constant("NS_rexmit"), dest: names, first: numbers, last: numbers }),
  fc.record({ type: fc.constant("NS_nak_rexmit"), dest: names, sequence: numbers }),
);

/** What a pulsebox adds to its status, right and nearly right. */
const views = fc.oneof(
  fc
    .tuple(
      fc.array(fc.constantFrom("none", "local", "foreign", "all"), { minLength: 3, maxLength: 3 }),
      fc.constantFrom("alone", "paired"),
      fc.constantFrom("stable", "changing"),
      fc.constantFrom("none", "giver", "taker"),
      fc.constantFrom("-", "1:1", "1:5", "2:1", "ffffffffffffff:ffffffffffffff"),
    )
    .map(([held, ...rest]) => ["1", ...held, ...rest].join(" ")),
  fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/[^ -~]/g, "?")),
);

/** What somebody says, and in which format. */
export const speech = { body: bodies, view: fc.option(views), format: formats };

export interface Speech {
  readonly body: MessageBody;
  readonly view: string | null;
  readonly format: Format;
}

/** The frame in which `src` says that under these numbers. */
export function spoken(
  { body, view, format }: Speech,
  src: string,
  numbers: { readonly seq: number; readonly hg: number },
  auth: Authenticator,
): Uint8Array {
  return encode(messageOf(body, src, numbers, view ?? undefined), format, auth);
}

/** One damage to a piece of bytes; places are fractions of its length. */
interface Damage {
  readonly kind: "flip" | "cut" | "repeat" | "insert" | "truncate";
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Marks and lengths that the formats give a meaning to, beside bytes that mean nothing. */
const odd = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 6 }),
  fc
    .constantFrom(
      "###\n",
      "%%%\n",
      ">>>\n",
      "<<<\n",
      "auth=1 ",
      "0:",
      "999999:",
      ",",
      "\n",
      "=",
      "(0)",
      "(5)",
      "\0",
    )
    .map(latin1Bytes),
);

export const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("flip", "cut", "repeat", "insert", "truncate"),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 40 }),
    bytes: odd,
  }),
  { maxLength: 4 },
);

export function damaged(bytes: Uint8Array, list: readonly Damage[]): Uint8Array {
  let now = [...bytes];
  for (const { kind, at, length, bytes: inserted } of list) {
    const place = Math.floor(at * now.length);
    const piece = now.slice(place, place + length);
    if (kind === "flip" && now.length > 0)
      now[place % now.length] = (now[place % now.length] ?? 0) ^ (1 << (length % 8));
    else if (kind === "cut") now.splice(place, length);
    else if (kind === "repeat") now.splice(place, 0, ...piece);
    else if (kind === "insert") now.splice(place, 0, ...inserted);
    else if (kind === "truncate") now = now.slice(0, place);
  }
  return Uint8Array.from(now);
}

export function encode(message: Message, format: Format, auth: Authenticator): Uint8Array {
  return format === "classic"
    ? encodeClassic(message, auth)
    : encodeNetstring(message, auth, { innerAuth: true });
}

/** What lies between the marks of a frame, damaged and signed anew. */
function resigned(
  frame: Uint8Array,
  format: Format,
  list: readonly Damage[],
  auth: Authenticator,
): Uint8Array {
  const text = latin1Text(frame);
  const [start, end] = format === "classic" ? [">>>\n", "auth="] : ["###\n", "%%%\n"];
  const content = latin1Text(damaged(latin1Bytes(text.slice(start.length, text.lastIndexOf(end))), list));
  if (format === "classic") {
    const { id, digest } = auth.sign(latin1Bytes(content));
    return latin1Bytes(`>>>\n${content}auth=${id} ${digest}\n<<<\n`);
  }
  const body = `###\n${content}%%%\n`;
  const { id, digest } = auth.sign(latin1Bytes(body));
  return latin1Bytes(`${body}${digest.length + 2}:${id} ${digest},`);
}

/** The frame damaged as a whole, or within its signature. */
export function spoilt(
  frame: Uint8Array,
  { format, damages: list, sign }: { format: Format; damages: readonly Damage[]; sign: boolean },
  auth: Authenticator,
): Uint8Array {
  return sign ? resigned(frame, format, list, auth) : damaged(frame, list);
}

export const AUTH: AuthConfig = { sendWith: 1, keys: [{ id: 1, method: "sha1", key: "secretkey" }] };

export function authenticator(): Authenticator {
  return createAuthenticator(AUTH);
}

/** A numbered message of `src`. */
function messageOf(
  body: MessageBody,
  src: string,
  { seq, hg }: { readonly seq: number; readonly hg: number },
  view?: string,
): Message {
  const { fields } = compose(body);
  const control = body.type.startsWith("NS_");
  const extra = view === undefined ? [] : [{ name: "pulsebox", value: view }];
  const trailer = { src, hg, ts: 1_700_000_000, ttl: 3, ...(!control && { seq }) };
  return withTrailer({ fields: [...fields, ...extra] }, trailer);
}
