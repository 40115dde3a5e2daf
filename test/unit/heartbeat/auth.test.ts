// The signatures against published vectors: RFC 2202 for the HMACs, the CRC-32/CKSUM check value of the CRC catalogue;
// the conversions under them against the platform's own encoders.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { decodeBase64, encodeBase64 } from "../../../firmware/core/heartbeat/base64.ts";
import { latin1Bytes, latin1Text, utf8Bytes } from "../../../firmware/core/heartbeat/text.ts";

const JEFE = latin1Bytes("what do ya want for nothing?");

test.each([
  ["md5", "Jefe", JEFE, "750c783e6ab0b503eaa86e310a5db738"],
  ["sha1", "Jefe", JEFE, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  ["crc", undefined, latin1Bytes("123456789"), "765e7680"],
  ["crc", undefined, latin1Bytes(""), "ffffffff"],
] as const)("%s with key %s signs as published", (method, key, data, digest) => {
  const auth = createAuthenticator({ sendWith: 2, keys: [{ id: 2, method, ...(key && { key }) }] });
  expect(auth.sign(data)).toEqual({ id: 2, digest });
  expect(auth.verify(2, digest, data)).toBe(true);
});

describe("an authenticator with two keys", () => {
  const auth = createAuthenticator({
    sendWith: 1,
    keys: [
      { id: 1, method: "sha1", key: "new" },
      { id: 7, method: "md5", key: "old" },
    ],
  });
  const old = createAuthenticator({ sendWith: 7, keys: [{ id: 7, method: "md5", key: "old" }] });
  const { digest } = old.sign(JEFE);

  test("signs with the sending key and accepts the other", () => {
    expect(auth.sign(JEFE).id).toBe(1);
    expect(auth.verify(7, digest, JEFE)).toBe(true);
  });

  test.each([
    ["another id", 1, digest],
    ["an id without key", 3, digest],
    ["upper case", 7, digest.toUpperCase()],
    ["a digest cut short", 7, digest.slice(0, -1)],
    ["a longer digest", 7, `${digest}0`],
    ["an empty digest", 7, ""],
    ["another first digit", 7, digest.replace(/^./, (first) => (first === "0" ? "1" : "0"))],
  ])("refuses %s", (_, id, given) => {
    expect(auth.verify(id, given, JEFE)).toBe(false);
  });
});

test.each([
  ["a sending key that is not there", { sendWith: 2, keys: [{ id: 1, method: "sha1", key: "a" }] }],
  ["an id above 15", { sendWith: 16, keys: [{ id: 16, method: "sha1", key: "a" }] }],
  ["a key for crc", { sendWith: 1, keys: [{ id: 1, method: "crc", key: "a" }] }],
  ["sha1 without key", { sendWith: 1, keys: [{ id: 1, method: "sha1" }] }],
  [
    "an id twice",
    {
      sendWith: 1,
      keys: [
        { id: 1, method: "sha1", key: "a" },
        { id: 1, method: "md5", key: "b" },
      ],
    },
  ],
] as const)("%s is a broken configuration", (_, config) => {
  expect(() => createAuthenticator(config)).toThrow(/auth key/);
});

test("texts and bytes convert as the platform's own encoders do", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect([...utf8Bytes(text)]).toEqual([...new TextEncoder().encode(text)]);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
      expect(latin1Text(bytes)).toBe(Buffer.from(bytes).toString("latin1"));
      expect(latin1Bytes(latin1Text(bytes))).toEqual(bytes);
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
    }),
  );
  expect([...utf8Bytes("\ud800")]).toEqual([0xef, 0xbf, 0xbd]);
  expect(() => latin1Bytes("a\u0100")).toThrow(RangeError);
});

test.each(["A", "AAA", "AB==\n", "AB==AB==", "AA=A", "====", "AB==", "A-B_"])(
  "%j is not canonical base64",
  (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  },
);
