// Ways to damage the one file, for the tests of the launcher's checks. Offsets follow native/launcher/payload.h; where
// an index is forged, its checksum is made right again, so that only the check in question can object.

import { createHash } from "node:crypto";
import { encodeIndex, type IndexEntry } from "../../image/binary/pack.ts";

const footerSize = 64;
const entrySize = 128;

/** The index of a whole file, with the place where it begins. */
export function readIndex(file: Buffer): { entries: IndexEntry[]; offset: number } {
  const footer = file.length - footerSize;
  const count = file.readUInt32LE(footer + 12);
  const offset = Number(file.readBigUInt64LE(footer + 16));
  const entries = Array.from({ length: count }, (_, number): IndexEntry => {
    const at = offset + number * entrySize;
    return {
      name: file
        .subarray(at, at + 64)
        .toString("latin1")
        .replace(/\0.*$/s, ""),
      offset: file.readBigUInt64LE(at + 64),
      size: file.readBigUInt64LE(at + 72),
      sha256: file.subarray(at + 80, at + 112),
      type: file.readUInt32LE(at + 112),
    };
  });
  return { entries, offset };
}

export type Damage = (file: Buffer) => Buffer;

/** Inverts one bit of the byte at `offset`; a negative offset counts from the end. */
export const flip =
  (offset: number, bit = 0): Damage =>
  (file) => {
    const at = offset < 0 ? file.length + offset : offset;
    file.writeUInt8(file.readUInt8(at) ^ (1 << bit), at);
    return file;
  };

/** Inverts a bit in the middle of the part of this name. */
export const flipIn =
  (name: string): Damage =>
  (file) => {
    const { offset, size } = entryOf(file, name);
    return flip(Number(offset) + Number(size >> 1n))(file);
  };

export const cut =
  (bytes: number): Damage =>
  (file) =>
    file.subarray(0, file.length - bytes);

/** Changes the footer, `offset` bytes from its start. */
export const inFooter =
  (change: (footer: Buffer) => void): Damage =>
  (file) => {
    change(file.subarray(file.length - footerSize));
    return file;
  };

/** Puts another index with a right checksum in place of the whole one. */
export const forgeIndex =
  (change: (entries: IndexEntry[], end: number) => IndexEntry[]): Damage =>
  (file) => {
    const { entries, offset } = readIndex(file);
    return Buffer.concat([file.subarray(0, offset), encodeIndex(change(entries, offset), BigInt(offset))]);
  };

/** Changes one entry of the index. */
export const forgeEntry = (name: string, change: Partial<IndexEntry>): Damage =>
  forgeIndex((entries) => entries.map((entry) => (entry.name === name ? { ...entry, ...change } : entry)));

/** Changes the bytes of a part and makes its checksum right again. */
export const forgePart =
  (name: string, change: (bytes: Buffer) => void): Damage =>
  (file) => {
    const { offset, size } = entryOf(file, name);
    const bytes = file.subarray(Number(offset), Number(offset + size));
    change(bytes);
    return forgeEntry(name, { sha256: createHash("sha256").update(bytes).digest() })(file);
  };

/** Changes the first loadable program header of an ELF image (elf(5)). */
export const forgeSegment = (name: string, which: number, change: (header: Buffer) => void): Damage =>
  forgePart(name, (bytes) => {
    const table = Number(bytes.readBigUInt64LE(32));
    const headers = Array.from({ length: bytes.readUInt16LE(56) }, (_, number) =>
      bytes.subarray(table + number * 56, table + (number + 1) * 56),
    );
    const header = headers.filter((candidate) => candidate.readUInt32LE(0) === 1).at(which);
    if (header === undefined) throw new Error(`${name} has no loadable segment ${which}`);
    change(header);
  });

function entryOf(file: Buffer, name: string): IndexEntry {
  const entry = readIndex(file).entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`the file has no part ${name}`);
  return entry;
}
