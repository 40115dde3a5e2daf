// heartbeat's classic frame format: ">>>\n", one "name=value\n" line per field, "<<<\n". Binary fields are
// "(1)name=BASE64". The line "auth=N DIGEST" signs all other lines in order, without the two markers.
// Serial media carry only this format. Strings here are byte strings (text.ts).

import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { Envelope, Fault } from "./envelope.ts";
import { parseSignature } from "./envelope.ts";
import { AUTH_FIELD, type Field } from "./message.ts";

export const CLASSIC_START = ">>>\n";
const END = "<<<\n";

/** The lines that a classic signature covers. */
export function classicLines(fields: readonly Field[]): string {
  return fields
    .map(({ name, value }) =>
      typeof value === "string" ? `${name}=${value}\n` : `(1)${name}=${encodeBase64(value)}\n`,
    )
    .join("");
}

export function classicFrame(lines: string, signature: string): string {
  return `${CLASSIC_START}${lines}${AUTH_FIELD}=${signature}\n${END}`;
}

/** Takes a frame apart as far as its signature; the fields are parsed only when asked for, after verification. */
export function openClassic(frame: string): Envelope | Fault {
  const inner = frame.length - CLASSIC_START.length - END.length;
  if (inner < 0 || !frame.endsWith(END)) return { fault: `does not end with "<<<" and a line feed` };
  const lines = frame.slice(CLASSIC_START.length, frame.length - END.length);
  if (!lines.endsWith("\n")) return { fault: "its last line is not ended" };
  const all = lines.slice(0, -1).split("\n");
  const prefix = `${AUTH_FIELD}=`;
  const signed = all.filter((line) => !line.startsWith(prefix));
  if (all.length - signed.length !== 1) {
    return { fault: `has ${all.length - signed.length} auth lines instead of one` };
  }
  const line = all.find((candidate) => candidate.startsWith(prefix)) ?? "";
  const signature = parseSignature(line.slice(prefix.length));
  if ("fault" in signature) return signature;
  return {
    signature,
    signed: signed.map((each) => `${each}\n`).join(""),
    fields: () => parseLines(signed),
  };
}

function parseLines(lines: readonly string[]): readonly Field[] | Fault {
  const fields: Field[] = [];
  for (const [index, line] of lines.entries()) {
    const equals = line.indexOf("=");
    if (equals < 0) return { fault: `line ${index + 1} has no "="` };
    const name = line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (!name.startsWith("(")) {
      fields.push({ name, value });
      continue;
    }
    if (!name.startsWith("(1)")) return { fault: `line ${index + 1}: its field type is not text or (1)` };
    const binary = decodeBase64(value);
    if (binary === undefined) return { fault: `line ${index + 1}: its value is not canonical base64` };
    fields.push({ name: name.slice(3), value: binary });
  }
  return fields;
}
