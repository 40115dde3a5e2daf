// heartbeat's classic frame format: ">>>\n", one "name=value\n" line per field, "<<<\n". Binary fields are
// "(1)name=BASE64", those of other types are kept as they are. The line "auth=N DIGEST" signs all other lines in order,
// without the two markers. Serial media carry only this format. Strings here are byte strings (text.ts).

import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { Envelope, Fault } from "./envelope.ts";
import { parseSignature } from "./envelope.ts";
import { AUTH_FIELD, type Field, opaqueType } from "./message.ts";

export const CLASSIC_START = ">>>\n";
const END = "<<<\n";
const AUTH_PREFIX = `${AUTH_FIELD}=`;

/** The lines that a classic signature covers. */
export function classicLines(fields: readonly Field[]): string {
  return fields
    .map(({ name, value, opaque }) =>
      typeof value === "string"
        ? `${opaque === undefined ? "" : `(${opaque})`}${name}=${value}\n`
        : `(1)${name}=${encodeBase64(value)}\n`,
    )
    .join("");
}

export function classicFrame(lines: string, signature: string): string {
  return `${CLASSIC_START}${lines}${AUTH_PREFIX}${signature}\n${END}`;
}

/** Takes a frame apart as far as its signature; the fields are parsed only when asked for, after verification. */
export function openClassic(frame: string): Envelope | Fault {
  const inner = frame.length - CLASSIC_START.length - END.length;
  if (inner < 0 || !frame.endsWith(END)) return { fault: `does not end with "<<<" and a line feed` };
  const lines = frame.slice(CLASSIC_START.length, frame.length - END.length);
  if (!lines.endsWith("\n")) return { fault: "its last line is not ended" };
  // Found by search, not by splitting: a stranger's frame of a hundred thousand lines costs no more than one of ten.
  const start = authLine(lines, 0);
  if (start < 0) return { fault: "has no auth line" };
  const end = lines.indexOf("\n", start);
  if (authLine(lines, end) >= 0) return { fault: "has more than one auth line" };
  const signature = parseSignature(lines.slice(start + AUTH_PREFIX.length, end));
  if ("fault" in signature) return signature;
  const signed = lines.slice(0, start) + lines.slice(end + 1);
  return { signature, signed, fields: () => parseLines(signed) };
}

/** The offset of the first line at or after the line end `from` that is a signature; -1 without one. */
function authLine(lines: string, from: number): number {
  if (from === 0 && lines.startsWith(AUTH_PREFIX)) return 0;
  const before = lines.indexOf(`\n${AUTH_PREFIX}`, from);
  return before < 0 ? -1 : before + 1;
}

function parseLines(lines: string): readonly Field[] | Fault {
  const fields: Field[] = [];
  for (const [index, line] of lines.slice(0, -1).split("\n").entries()) {
    const equals = line.indexOf("=");
    if (equals < 0) return { fault: `line ${index + 1} has no "="` };
    const name = line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (!name.startsWith("(")) {
      fields.push({ name, value });
      continue;
    }
    const opaque = opaqueType(/^\((\d)\)/.exec(name)?.[1]);
    if (opaque !== undefined) {
      fields.push({ name: name.slice(3), value, opaque });
      continue;
    }
    if (!name.startsWith("(1)"))
      return { fault: `line ${index + 1}: its field type is not text or (1) to (5)` };
    const binary = decodeBase64(value);
    if (binary === undefined) return { fault: `line ${index + 1}: its value is not canonical base64` };
    fields.push({ name: name.slice(3), value: binary });
  }
  return fields;
}
