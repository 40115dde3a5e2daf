// What a real heartbeat 3.0.6 put on the wire (one file per message, signed with sha1, md5 and crc keys, with and
// without the inner signature) is read as expected and written again byte for byte, in both frame formats.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AuthConfig } from "../../../firmware/core/config/cluster.ts";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { classify } from "../../../firmware/core/heartbeat/classify.ts";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { decodeFrame, encodeClassic, encodeNetstring } from "../../../firmware/core/heartbeat/frame.ts";
import { type Field, withTrailer } from "../../../firmware/core/heartbeat/message.ts";
import { latin1Bytes } from "../../../firmware/core/heartbeat/text.ts";

interface Captured {
  readonly name: string;
  readonly auth: ReturnType<typeof createAuthenticator>;
  readonly keyId: number;
  /** ">>>" to "<<<", with the line `auth=` if the frame carries the inner signature. */
  readonly classic: string;
  readonly innerAuth: boolean;
  readonly frame: Uint8Array;
}

const FOLDER = new URL("./messages/", import.meta.url);
const captures = readdirSync(FOLDER).sort().map(readCapture);

function readCapture(file: string): Captured {
  const text = readFileSync(new URL(file, FOLDER), "latin1");
  const [, id, method, key] = /^key: (\d+) (crc|md5|sha1)(?: (\S+))?$/m.exec(text) ?? [];
  const [classic] = /^>>>\n[\s\S]*^<<<\n/m.exec(text) ?? [];
  if (id === undefined || method === undefined || classic === undefined)
    throw new Error(`${file}: no capture`);
  const hex = text.slice(text.indexOf(classic) + classic.length).replaceAll("\n", "");
  const config = { id: Number(id), method, ...(key !== undefined && { key }) } as AuthConfig["keys"][number];
  return {
    name: file.replace(/\.txt$/, ""),
    auth: createAuthenticator({ sendWith: config.id, keys: [config] }),
    keyId: config.id,
    classic,
    innerAuth: classic.includes("\nauth="),
    frame: new Uint8Array(Buffer.from(hex, "hex")),
  };
}

/** The fields of a classic text, read here without the code under test. */
function fieldsOf(classic: string): Field[] {
  const lines = classic.split("\n").slice(1, -2);
  return lines
    .filter((line) => !line.startsWith("auth="))
    .map((line) => {
      const [, binary, name, value] = /^(\(1\))?([^=]+)=(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`no field: ${line}`);
      return { name, value: binary ? new Uint8Array(Buffer.from(value, "base64")) : value };
    });
}

/** Messages of ipfail have `src` among their own fields. */
function byName(fields: readonly Field[]): Field[] {
  return [...fields].sort((a, b) => (a.name < b.name ? -1 : 1));
}

test("there is a capture of every kind of message and of every kind of key", () => {
  expect(captures.length).toBeGreaterThanOrEqual(58);
});

describe.each(captures)("$name", ({ auth, keyId, classic, innerAuth, frame }) => {
  const message = { fields: fieldsOf(classic) };

  test("is read as the fields that were captured", () => {
    expect(decodeFrame(frame, auth)).toEqual({ ok: true, message, format: "netstring", authId: keyId });
  });

  test("is written again byte for byte", () => {
    expect(Buffer.from(encodeNetstring(message, auth, { innerAuth }))).toEqual(Buffer.from(frame));
  });

  test("is classified as its own type, and composing that gives the same fields", () => {
    const known = classify(message);
    if (known.type === "invalid") throw new Error(known.detail);
    if (known.type === "unknown") throw new Error(`unknown type ${known.name}`);
    const again = withTrailer(compose(known), known.trailer).fields;
    expect(known.type).toBe(/^t=(.*)$/m.exec(classic)?.[1]);
    if ("clientGeneration" in known) expect(byName(again)).toEqual(byName(message.fields));
    else expect(again).toEqual(message.fields);
  });
});

test.each(captures.filter(({ innerAuth }) => innerAuth))(
  "the inner signature of $name makes it a classic frame, read and written",
  ({ auth, keyId, classic }) => {
    const message = { fields: fieldsOf(classic) };
    expect(decodeFrame(latin1Bytes(classic), auth)).toEqual({
      ok: true,
      message,
      format: "classic",
      authId: keyId,
    });
    expect(Buffer.from(encodeClassic(message, auth)).toString("latin1")).toBe(classic);
  },
);
