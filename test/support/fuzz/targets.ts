// What is fuzzed, by name. Each target is a property of fast-check, so that a failure shrinks and can be replayed from the seed
// and path it prints; `npm test` gives each a small budget, `npm run fuzz` as much as wanted.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { checkClusterFile } from "../../../firmware/core/config/cluster-file.ts";
import { mostProblems } from "../../../firmware/core/config/diagnostics.ts";
import { readWord } from "../../../firmware/core/config/haresources.ts";
import { emptyStream, LONGEST_CLASSIC, takePiece } from "../../../firmware/core/heartbeat/classic-stream.ts";
import { classify } from "../../../firmware/core/heartbeat/classify.ts";
import { decodeFrame } from "../../../firmware/core/heartbeat/frame.ts";
import { createNode } from "../../../firmware/core/node.ts";
import { nodeSetup } from "../cluster-config.ts";
import { authenticator, damaged, damages, encode, speech, spoilt, spoken } from "./frames.ts";
import { nodeTarget } from "./node-target.ts";

export interface Target {
  readonly title: string;
  readonly property: fc.IRawProperty<unknown>;
  /** Runs in `npm test`. */
  readonly runs: number;
}

const auth = authenticator();

const frames = fc
  .record({ ...speech, seq: fc.nat(100_000), hg: fc.nat(100_000) })
  .map((said) => ({ format: said.format, bytes: spoken(said, "director2", said, auth) }));

/** Two frames, one laid over the other, damaged, and signed anew or not. */
const frameTarget = fc.property(
  frames,
  frames,
  damages,
  fc.constantFrom("as it is", "anew", "spliced"),
  (one, two, list, how) => {
    const half = one.bytes.length >> 1;
    const spliced = Uint8Array.from([
      ...one.bytes.subarray(0, half),
      ...two.bytes.subarray(two.bytes.length >> 1),
    ]);
    const frame = how === "spliced" ? spliced : one.bytes;
    const bytes = spoilt(frame, { format: one.format, damages: list, sign: how === "anew" }, auth);
    const decoded = decodeFrame(bytes, auth);
    if (!decoded.ok) return decoded.detail.length < 500;
    classify(decoded.message);
    const again = decodeFrame(encode(decoded.message, decoded.format, auth), auth);
    return again.ok && fc.stringify(again.message) === fc.stringify(decoded.message);
  },
);

const tokens = [
  "IPaddr::",
  "IPaddr2::",
  "IPv6addr::",
  "ocf:",
  "heartbeat:",
  "::",
  ":",
  "/",
  "=",
  "10.0.0.1",
  "fe80::1",
  "/24",
  "/255.255.255.0",
  "/eth0",
  "eth0:1",
  "traffic",
  "httpd",
  "..",
  "-",
  "%",
  "\u00e9",
  "\0",
];

const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.array(fc.constantFrom(...tokens), { maxLength: 9 }).map((parts) => parts.join("")),
);

const wordTarget = fc.property(words, (word) => {
  const reading = readWord(word);
  return reading.ok ? reading.resource.word === word : reading.reason.length < 1000;
});

const example = readFileSync(new URL("../../../image/example/cluster.yaml", import.meta.url), "utf8");
const exampleLines = example.split("\n").filter((line) => !/^\s*(#|$)/.test(line));

/** What goes wrong when people edit: lines lost, doubled, moved, indented; values replaced. */
const edits = fc.array(
  fc.record({
    kind: fc.constantFrom("drop", "double", "swap", "indent", "replace", "insert"),
    line: fc.nat(exampleLines.length - 1),
    other: fc.nat(exampleLines.length - 1),
    text: fc.oneof(
      fc.constantFrom(
        "0",
        "-1",
        "1e9",
        "200ms",
        "~",
        "[]",
        "{}",
        "*a",
        "&a b",
        "on",
        "'",
        '"',
        "!!binary x",
        "- -",
        "? :",
        "\t",
        "|",
        "<<: x",
        "10.0.0.1/24",
        "all",
        "\u202e",
        "serial: /dev/ttyS0",
      ),
      fc.string({ maxLength: 12 }),
    ),
  }),
  { maxLength: 6 },
);

type Edit = typeof edits extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

function edited(list: readonly Edit[]): string {
  const lines = [...exampleLines];
  for (const { kind, line, other, text } of list) {
    const now = lines[line] ?? "";
    if (kind === "drop") lines.splice(line, 1);
    else if (kind === "double") lines.splice(other, 0, now);
    else if (kind === "swap") [lines[line], lines[other]] = [lines[other] ?? "", now];
    else if (kind === "indent") lines[line] = `  ${now}`;
    else if (kind === "replace") lines[line] = now.replace(/: .*/s, `: ${text}`);
    else lines.splice(line, 0, `${/^\s*/.exec(now)?.[0] ?? ""}${text}`);
  }
  return lines.join("\n");
}

const fileTarget = fc.property(edits, (list) => {
  const text = edited(list);
  const { config, diagnostics } = checkClusterFile(text, "cluster.yaml");
  const last = text.split("\n").length;
  if (diagnostics.length > mostProblems + 1) return false;
  for (const { line, column, endColumn } of diagnostics) {
    if (line < 1 || line > last || column < 1 || endColumn < column) return false;
  }
  if ((config === undefined) !== diagnostics.some(({ severity }) => severity === "error")) return false;
  for (const { name } of config?.nodes ?? [])
    if (config !== undefined) createNode(config, nodeSetup(name, 1));
  return true;
});

const line = fc
  .array(
    fc.oneof(
      frames.map(({ bytes }) => bytes),
      fc.uint8Array({ maxLength: 30 }),
      fc
        .constantFrom(">>>\n", "<<<\n", ">>>", "\n", "auth=1 00\n")
        .map((text) => Uint8Array.from(text, (each) => each.charCodeAt(0))),
      fc.tuple(frames, damages).map(([{ bytes }, list]) => damaged(bytes, list)),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])));

/** A serial line delivers its bytes in pieces of any length: that may change nothing in what is found. */
const streamTarget = fc.property(
  line,
  fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 60 }),
  (bytes, cuts) => {
    const whole = takePiece(emptyStream(), bytes);
    let stream = emptyStream();
    const found: Uint8Array[] = [];
    for (let at = 0, index = 0; at < bytes.length; index++) {
      const length = cuts[index] ?? 512;
      const taken = takePiece(stream, bytes.subarray(at, at + length));
      stream = taken.stream;
      found.push(...taken.frames);
      at += length;
      if (stream.kept.length > 2 * LONGEST_CLASSIC) return false;
    }
    return fc.stringify(found) === fc.stringify([...whole.frames]) && stream.lost === whole.stream.lost;
  },
);

export const targets: Readonly<Record<string, Target>> = {
  frame: {
    title: "a damaged frame is read or refused as a value, and what is read is written again as it was",
    property: frameTarget,
    runs: 1500,
  },
  node: {
    title: "a node keeps its invariants and its bounds whatever happens to it",
    property: nodeTarget,
    runs: 150,
  },
  word: {
    title: "any text is a haresources word or is refused with a reason",
    property: wordTarget,
    runs: 3000,
  },
  file: {
    title:
      "a mangled cluster file has problems with places in it, or a configuration that a node can be made of",
    property: fileTarget,
    runs: 400,
  },
  stream: {
    title: "the cuts of a serial line's bytes change nothing in the frames that are found",
    property: streamTarget,
    runs: 500,
  },
};
