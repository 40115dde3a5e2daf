// The launcher refuses a damaged or forged file with one sentence and exit code 111, whatever is wrong with it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pack } from "../../image/binary/pack.ts";
import { smallParts } from "../support/binary-build.ts";
import {
  cut,
  type Damage,
  flip,
  flipIn,
  forgeEntry,
  forgeIndex,
  forgePart,
  forgeSegment,
  inFooter,
  readIndex,
} from "../support/binary-damage.ts";

const folder = mkdtempSync(join(tmpdir(), "pulsebox-damage-"));
const file = join(folder, "pulsebox");
let whole = Buffer.alloc(0);

beforeAll(async () => {
  await pack(await smallParts(), file);
  whole = readFileSync(file);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(bytes: Buffer, ...args: string[]) {
  writeFileSync(file, bytes, { mode: 0o755 });
  const { status, stderr } = spawnSync(file, args, { encoding: "utf8", env: {} });
  return { status, stderr };
}

const outside = "do not end before the index";
const noFooter =
  "no payload: the file does not end with a pulsebox footer; it is cut short or was never packed";
const elf = '"program" is no usable ELF image: ';

const refused: readonly [title: string, damage: Damage, sentence: string | RegExp][] = [
  ["the launcher alone", (all) => all.subarray(0, Number(readIndex(all).entries[1]?.offset)), noFooter],
  ["a file cut short by one byte", cut(1), noFooter],
  ["a file cut short by a page", cut(4096), noFooter],
  ["another magic number", inFooter((footer) => footer.write("PULSEBOY")), noFooter],
  [
    "a later layout",
    inFooter((footer) => footer.writeUInt32LE(2, 8)),
    "layout version 2, this launcher knows 1",
  ],
  ["no parts", inFooter((footer) => footer.writeUInt32LE(0, 12)), "0 parts, allowed are 3 to 64"],
  ["too many parts", inFooter((footer) => footer.writeUInt32LE(65, 12)), "65 parts, allowed are 3 to 64"],
  [
    "as many parts as a number holds",
    inFooter((footer) => footer.writeUInt32LE(2 ** 32 - 1, 12)),
    "allowed are 3 to 64",
  ],
  [
    "an index elsewhere",
    inFooter((footer) => footer.writeBigUInt64LE(4096n, 16)),
    "does not end at the footer",
  ],
  [
    "an index beyond the end of all numbers",
    inFooter((footer) => footer.writeBigUInt64LE(2n ** 64n - 64n, 16)),
    "does not end at the footer",
  ],
  ["a flipped bit in the index's checksum", flip(-1), "the payload's index is damaged"],
  ["a flipped bit in the index", flip(-200), "the payload's index is damaged"],
  ["a part beyond the end", forgeEntry("libc.so.6", { offset: 2n ** 40n }), outside],
  ["a part that is too long", forgeEntry("libc.so.6", { size: 2n ** 40n }), outside],
  ["a part whose end overflows", forgeEntry("libc.so.6", { size: 2n ** 64n - 4096n }), outside],
  ["an empty part", forgeEntry("libc.so.6", { size: 0n }), outside],
  [
    "a part between pages",
    forgeIndex(([first, ...rest]) => [first, ...rest.map(odd)].filter(defined)),
    "not the start of a page",
  ],
  [
    "parts that overlap",
    forgeEntry("sample", { offset: 4096n }),
    'part "sample": byte 4096 lies in the part before it',
  ],
  ["a name that does not end", forgeEntry("sample", { name: "s".repeat(64) }), "its name is not terminated"],
  ["an empty name", forgeEntry("sample", { name: "" }), "its name is empty"],
  [
    "a name that would forge the list of addons",
    forgeEntry("sample", { name: "a=9,b" }),
    "its name has characters other",
  ],
  ["an unknown type", forgeEntry("sample", { type: 6 }), 'part "sample": type 6 is unknown'],
  ["two programs", forgeEntry("sample", { type: 2 }), "1 launchers, 2 programs, 1 loaders"],
  ["no launcher in front", forgeIndex((entries) => entries.slice(1)), 'the first part is "program"'],
  [
    "a damaged launcher",
    (all) => flip(Number(readIndex(all).entries[0]?.size) - 1)(all),
    'part "launcher" is damaged',
  ],
  ["a damaged loader", flipIn("ld-linux-x86-64.so.2"), 'part "ld-linux-x86-64.so.2" is damaged'],
  ["a damaged library", flipIn("libc.so.6"), 'part "libc.so.6" is damaged'],
  ["a damaged addon", flipIn("sample"), 'part "sample" is damaged'],
  [
    "a program that is none",
    forgePart("program", (bytes) => bytes.fill(0, 0, 4)),
    '"program" is not an x86-64 ELF image',
  ],
  [
    "a program for another processor",
    forgePart("program", (bytes) => bytes.writeUInt16LE(183, 18)),
    "not an x86-64",
  ],
  ["an object file", forgePart("program", (bytes) => bytes.writeUInt16LE(1, 16)), `${elf}type 1 is neither`],
  [
    "no program headers",
    forgePart("program", (bytes) => bytes.writeUInt16LE(0, 56)),
    `${elf}0 program headers`,
  ],
  [
    "65 program headers",
    forgePart("program", (bytes) => bytes.writeUInt16LE(65, 56)),
    `${elf}65 program headers`,
  ],
  [
    "program headers outside the program",
    forgePart("program", (bytes) => bytes.writeBigUInt64LE(2n ** 64n - 8n, 32)),
    /lie outside its \d+ bytes/,
  ],
  [
    "an entry point in data",
    forgePart("program", (bytes) => bytes.writeBigUInt64LE(16n, 24)),
    "its entry point lies outside",
  ],
  [
    "a segment outside the file",
    forgeSegment("program", 0, (s) => s.writeBigUInt64LE(2n ** 32n, 8)),
    "outside the file",
  ],
  [
    "a segment in kernel space",
    forgeSegment("program", -1, (s) => s.writeBigUInt64LE(2n ** 63n, 16)),
    "outside user space",
  ],
  [
    "a segment without end",
    forgeSegment("program", -1, (s) => s.writeBigUInt64LE(2n ** 64n - 1n, 40)),
    "outside user space",
  ],
  [
    "a segment larger in the file",
    forgeSegment("program", 0, (s) => s.writeBigUInt64LE(1n, 40)),
    "is larger in the file",
  ],
  [
    "a segment off its page",
    forgeSegment("program", 0, (s) => s.writeBigUInt64LE(0x400008n, 16)),
    "is not aligned to pages",
  ],
  [
    "zeroed memory that is read-only",
    forgeSegment("program", -1, (s) => s.writeUInt32LE(4, 4)),
    "but is read-only",
  ],
  [
    "segments that overlap",
    forgeSegment("program", -1, (s) => s.writeBigUInt64LE(0x400000n + (s.readBigUInt64LE(16) % 4096n), 16)),
    "overlaps the segment before",
  ],
];

function odd<T extends { offset: bigint }>(entry: T): T {
  return { ...entry, offset: entry.offset + 1n };
}

function defined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

test.each(refused)("%s is refused", (_title, damage, sentence) => {
  const { status, stderr } = run(damage(Buffer.from(whole)));
  expect(stderr).toMatch(/^pulsebox: [^\n]+\n$/);
  if (typeof sentence === "string") expect(stderr).toContain(sentence);
  else expect(stderr).toMatch(sentence);
  expect(status).toBe(111);
});

test("a damaged program is found by --verify-payload, which passes a whole file", () => {
  expect(run(whole, "--verify-payload")).toEqual({ status: 0, stderr: "" });
  const { status, stderr } = run(flipIn("program")(Buffer.from(whole)), "--verify-payload");
  expect(stderr).toBe('pulsebox: payload part "program" is damaged: its SHA-256 differs from the index\n');
  expect(status).toBe(111);
});

test("any single flipped bit behind the launcher is found by --verify-payload", () => {
  const { entries, offset } = readIndex(whole);
  const ranges = entries.slice(1).map((entry) => [Number(entry.offset), Number(entry.size)] as const);
  ranges.push([offset, whole.length - offset]);
  const place = fc.constantFrom(...ranges).chain(([start, size]) => fc.nat(size - 1).map((at) => start + at));
  fc.assert(
    fc.property(place, fc.nat(7), (at, bit) => {
      return run(flip(at, bit)(Buffer.from(whole)), "--verify-payload").status === 111;
    }),
    { numRuns: 60 },
  );
});
