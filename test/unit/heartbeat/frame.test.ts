// Frames: what was written is read again, in both formats; what anybody damaged, cut, forged or invented is refused as
// a value and never throws.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { decodeFrame, encodeClassic, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import { type Field, LIMITS, type Message } from "../../../firmware/core/heartbeat/message.ts";
import { latin1Bytes, latin1Text } from "../../../firmware/core/heartbeat/text.ts";

const auth = createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "sha1", key: "secretkey" }] });
const noise = createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "crc" }] });
const uuid = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
const status: Message = {
  fields: [
    { name: "t", value: "status" },
    { name: "st", value: "active" },
    { name: "src", value: "n1" },
    { name: "srcuuid", value: uuid },
    { name: "seq", value: "1a" },
  ],
};

const ENCODERS = {
  netstring: encodeNetstring,
  "netstring with inner signature": (message: Message, signer: typeof auth) =>
    encodeNetstring(message, signer, { innerAuth: true }),
  classic: encodeClassic,
} as const;
const encoders = Object.entries(ENCODERS);

/** A frame with a valid signature around whatever content. */
const signedNetstring = (content: string) => {
  const { id, digest } = auth.sign(latin1Bytes(`###\n${content}%%%\n`));
  return latin1Bytes(`###\n${content}%%%\n${digest.length + 2}:${id} ${digest},`);
};
const signedClassic = (lines: string) => {
  const { id, digest } = auth.sign(latin1Bytes(lines));
  return latin1Bytes(`>>>\n${lines}auth=${id} ${digest}\n<<<\n`);
};

describe.each(encoders)("a frame in %s format", (_, encode) => {
  const frame = encode(status, auth);

  test("cut at any byte is malformed", () => {
    for (let length = 0; length < frame.length; length++) {
      expect(decodeFrame(frame.subarray(0, length), auth)).toMatchObject({ ok: false, reason: "malformed" });
    }
  });

  test.each([
    ["sha1", auth],
    ["crc", noise],
  ])("signed with %s, with any one bit flipped, is refused", (_method, signer) => {
    const good = encode(status, signer);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Uint8Array.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeFrame(bad, signer).ok).toBe(false);
    }
  });

  test.each([
    ["before", (bytes: Uint8Array) => [0, ...bytes]],
    ["after", (bytes: Uint8Array) => [...bytes, 0]],
    ["a whole frame after", (bytes: Uint8Array) => [...bytes, ...bytes]],
  ])("with bytes %s it is refused", (_where, extend) => {
    expect(decodeFrame(Uint8Array.from(extend(frame)), auth).ok).toBe(false);
  });

  test("signed with another key, method or id is unauthenticated", () => {
    for (const keys of [
      [{ id: 1, method: "sha1", key: "Secretkey" }],
      [{ id: 1, method: "md5", key: "secretkey" }],
      [{ id: 1, method: "crc" }],
      [{ id: 2, method: "sha1", key: "secretkey" }],
    ] as const) {
      const stranger = createAuthenticator({ sendWith: keys[0].id, keys });
      const verdict = decodeFrame(encode(status, stranger), auth);
      expect(verdict).toMatchObject({ ok: false, reason: "unauthenticated" });
    }
  });

  test("signed with a key that is being replaced is accepted under that key's id", () => {
    const keys = [
      { id: 1, method: "sha1", key: "secretkey" },
      { id: 2, method: "md5", key: "next" },
    ] as const;
    const verdict = decodeFrame(
      encode(status, createAuthenticator({ sendWith: 2, keys })),
      createAuthenticator({ sendWith: 1, keys }),
    );
    expect(verdict).toMatchObject({ ok: true, message: status, authId: 2 });
  });
});

const field = (content: string) => `${content.length}:${content},`;
const GOOD = field("(0)t=status");

test.each([
  ["a length past the end", "99999:(0)t=status,", "runs past the end"],
  ["a length one too short", "10:(0)t=status,", "does not end with a comma"],
  ["a length one too long", `12:(0)t=status,${GOOD}`, "does not end with a comma"],
  ["a leading zero in a length", "011:(0)t=status,", "does not start with a length"],
  ["a negative length", "-1:(0)t=status,", "does not start with a length"],
  ["a length of 24 digits", `${"9".repeat(24)}:(0)t=status,`, "does not start with a length"],
  ["no length", ":(0)t=status,", "does not start with a length"],
  ["a field type that is none", field("(6)t=status"), "type is not (0) to (5)"],
  ["no field type", field("t=status"), "type is not (0) to (5)"],
  ["a field without name", field("(0)=status"), "a name is 1 to 64"],
  ["a field without =", field("(0)status"), 'has no "="'],
  ["an empty field", field(""), 'has no "="'],
  ["a control character in a name", field("(0)t\n=status"), "a name is 1 to 64"],
  ["a name of 65 characters", field(`(0)${"n".repeat(65)}=`), "a name is 1 to 64"],
  ["NUL in a text", field("(0)t=sta\0tus"), "NUL"],
  ["a line feed in a text", field("(0)t=status\nst=active"), "line feed"],
  ["a field twice", GOOD + GOOD, "appears twice"],
  ["257 fields", Array.from({ length: 257 }, (_, n) => field(`(0)f${n}=`)).join(""), "more than 256"],
  ["10,000 fields", Array.from({ length: 10_000 }, (_, n) => field(`(0)f${n}=`)).join(""), "more than 256"],
  ["no fields", "", "has no fields"],
  ["an end marker among the fields", `${GOOD}%%%\n${GOOD}`, "does not start with a length"],
])("a netstring frame with %s is malformed, however well it is signed", (_, content, detail) => {
  const verdict = decodeFrame(signedNetstring(content), auth);
  expect(verdict).toMatchObject({ ok: false, reason: "malformed", detail: expect.stringContaining(detail) });
});

test.each([
  ["no fields", "", 'has no "="'],
  ["a line without =", "status\n", 'has no "="'],
  ["an empty line", "\nt=status\n", 'has no "="'],
  ["a field type that is none", "(6)t=status\n", "not text or (1) to (5)"],
  ["a type given to a text", "(0)t=status\n", "not text or (1) to (5)"],
  ["bad base64", "(1)t=AB=\n", "not canonical base64"],
  ["a field twice", "t=status\nt=status\n", "appears twice"],
  ["two auth lines", "auth=1 00\n", "more than one auth line"],
  ["NUL in a text", "t=sta\0tus\n", "NUL"],
])("a classic frame with %s is malformed, however well it is signed", (_, lines, detail) => {
  const verdict = decodeFrame(signedClassic(lines), auth);
  expect(verdict).toMatchObject({ ok: false, reason: "malformed", detail: expect.stringContaining(detail) });
});

test.each([
  ["first", (line: string) => `${line}t=status\nst=up\n`],
  ["between", (line: string) => `t=status\n${line}st=up\n`],
  ["last", (line: string) => `t=status\nst=up\n${line}`],
])("a classic signature is found as %s line", (_, place) => {
  const { id, digest } = auth.sign(latin1Bytes("t=status\nst=up\n"));
  const verdict = decodeFrame(latin1Bytes(`>>>\n${place(`auth=${id} ${digest}\n`)}<<<\n`), auth);
  expect(verdict).toMatchObject({ ok: true, format: "classic" });
});

test.each([
  ["nothing", ""],
  ["another protocol", "GET / HTTP/1.1\r\n\r\n"],
  ["a start marker alone", "###\n"],
  ["markers alone", "###\n%%%\n"],
  ["classic markers alone", ">>>\n<<<\n"],
  ["overlapping classic markers", ">>>\n<"],
  ["no signature", `###\n${GOOD}%%%\n`],
  ["a signature without digest", `###\n${GOOD}%%%\n2:1 ,`],
  ["key id 16", `###\n${GOOD}%%%\n5:16 ab,`],
  ["key id 01", `###\n${GOOD}%%%\n5:01 ab,`],
  ["an upper-case digest", `###\n${GOOD}%%%\n4:1 AB,`],
  ["a digest of 41 digits", `###\n${GOOD}%%%\n43:1 ${"a".repeat(41)},`],
  ["a classic frame without signature", ">>>\nt=status\n<<<\n"],
])("%s is malformed", (_, text) => {
  expect(decodeFrame(latin1Bytes(text), auth)).toMatchObject({ ok: false, reason: "malformed" });
});

test("a frame of 256 KiB is neither read nor written, one byte less is both", () => {
  const overhead =
    encodeNetstring({ fields: [{ name: "t", value: "x".repeat(200_000) }] }, auth).length - 200_000;
  const largest = { fields: [{ name: "t", value: "x".repeat(LIMITS.frame - 1 - overhead) }] };
  const frame = encodeNetstring(largest, auth);
  expect(frame.length).toBe(LIMITS.frame - 1);
  expect(decodeFrame(frame, auth)).toMatchObject({ ok: true, message: largest });
  const above = { fields: [{ name: "t", value: "x".repeat(LIMITS.frame - overhead) }] };
  expect(() => encodeNetstring(above, auth)).toThrow(RangeError);
  const verdict = decodeFrame(new Uint8Array(LIMITS.frame), auth);
  expect(verdict).toMatchObject({ ok: false, detail: expect.stringContaining("262144 bytes") });
});

test.each([
  ["the codec's own field", { name: "auth", value: "1 00" }],
  ["a line feed in a text", { name: "info", value: "a\nauth=1 00" }],
  ["a character that is no byte", { name: "info", value: "\u20ac" }],
  ["a name that looks like a type", { name: "(1)info", value: "" }],
])("a message with %s cannot be sent", (_, bad) => {
  for (const [, encode] of encoders) {
    expect(() => encode({ fields: [...status.fields, bad] }, auth)).toThrow(/cannot be sent/);
  }
});

test.each([2, 3, 4, 5] as const)(
  "fields of type %i are kept unread, whatever they hold, and written again",
  (opaque) => {
    const bytes = "5:(0)a,\n\0%%%\n###\n";
    const netstring = signedNetstring(`${GOOD}${field(`(${opaque})xml=${bytes}`)}`);
    const decoded = decodeFrame(netstring, auth);
    const fields = [
      { name: "t", value: "status" },
      { name: "xml", value: bytes, opaque },
    ];
    expect(decoded).toMatchObject({ ok: true, message: { fields } });
    expect(encodeNetstring({ fields }, auth)).toEqual(netstring);
    expect(() => encodeClassic({ fields }, auth)).toThrow(/does not fit into lines/);
    const classic = signedClassic(`t=status\n(${opaque})xml=a\n`);
    const lines = [
      { name: "t", value: "status" },
      { name: "xml", value: "a", opaque },
    ];
    expect(decodeFrame(classic, auth)).toMatchObject({ ok: true, message: { fields: lines } });
    expect(encodeClassic({ fields: lines }, auth)).toEqual(classic);
  },
);

const NAME = fc
  .string({ unit: "binary-ascii", minLength: 1, maxLength: LIMITS.fieldName })
  .filter((name) => /^[!-~]+$/.test(name) && !/^\(|=/.test(name) && name !== "auth");
const TEXT = fc.uint8Array({ maxLength: 300 }).map((bytes) => latin1Text(bytes).replace(/[\0\n]/g, "%%%"));
const FIELD: fc.Arbitrary<Field> = fc.record({ name: NAME, value: fc.oneof(TEXT, fc.uint8Array()) });
const MESSAGE: fc.Arbitrary<Message> = fc.record({
  fields: fc.uniqueArray(FIELD, { minLength: 1, maxLength: 40, selector: ({ name }) => name }),
});

test.each(encoders)("any message written in %s format is read back unchanged", (_, encode) => {
  fc.assert(
    fc.property(MESSAGE, (message) => {
      expect(decodeFrame(encode(message, auth), auth)).toMatchObject({ ok: true, message });
    }),
  );
});

test("no bytes make decoding throw or pass", () => {
  const start = fc.constantFrom("###\n", ">>>\n", "");
  const end = fc.constantFrom("%%%\n42:1 00,", "auth=1 00\n<<<\n", "");
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 400 }), end, (before, bytes, after) => {
      expect(decodeFrame(latin1Bytes(before + latin1Text(bytes) + after), auth).ok).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

test("no signed content makes decoding throw", () => {
  const piece = fc.oneof(fc.constantFrom(GOOD, "(0)", "(1)", "=", ",", "%%%\n", "12:", "auth=", "\n"), TEXT);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      for (const frame of [signedNetstring(pieces.join("")), signedClassic(`${pieces.join("")}\n`)]) {
        expect(() => decodeFrame(frame, auth)).not.toThrow();
      }
    }),
    { numRuns: 2000 },
  );
});
