// Joins launcher, program, dynamic loader, libraries and addons to the one file. The layout is that of
// native/launcher/payload.h: parts on page boundaries, an index of 128-byte entries, a footer of 64 bytes.
// Equal inputs give equal bytes: the order is the caller's, and nothing of the files but their content goes in.

import { createHash } from "node:crypto";
import { type FileHandle, open, readFile } from "node:fs/promises";

const pageSize = 4096;
const entrySize = 128;
const footerSize = 64;
const nameSize = 64;
const partCountMax = 64;
const layoutVersion = 1;

/** The numbers of `enum part_type` in payload.h. */
export const partType = { launcher: 1, program: 2, loader: 3, library: 4, addon: 5 } as const;

/** One part: `name` is what the launcher calls it, [a-z0-9._+-], at most 63 characters. */
export interface Part {
  readonly type: keyof typeof partType;
  readonly name: string;
  readonly path: string;
}

/** One entry of the index, sizes in bytes. */
export interface IndexEntry {
  readonly type: number;
  readonly name: string;
  readonly offset: bigint;
  readonly size: bigint;
  readonly sha256: Uint8Array;
}

/**
 * Writes the one file. The first part must be the launcher; exactly one program and one loader must be among the
 * others; libraries are preloaded in their order here. Returns its size in bytes and its SHA-256 in hexadecimal.
 */
export async function pack(
  parts: readonly Part[],
  output: string,
): Promise<{ size: number; sha256: string }> {
  checkParts(parts);
  const file = await open(output, "w");
  try {
    await file.chmod(0o755);
    const writer = new Writer(file);
    const index: IndexEntry[] = [];
    for (const { type, name, path } of parts) {
      await writer.pad(pageSize);
      const bytes = await readFile(path);
      const sha256 = createHash("sha256").update(bytes).digest();
      index.push({
        type: partType[type],
        name,
        offset: BigInt(writer.offset),
        size: BigInt(bytes.length),
        sha256,
      });
      await writer.write(bytes);
    }
    await writer.pad(pageSize);
    await writer.write(encodeIndex(index, BigInt(writer.offset)));
    return { size: writer.offset, sha256: writer.digest() };
  } finally {
    await file.close();
  }
}

/** Index and footer as they stand at the end of the file; `offset` is where the index begins. */
export function encodeIndex(index: readonly IndexEntry[], offset: bigint): Uint8Array {
  const entries = Buffer.concat(index.map(encodeEntry));
  const footer = Buffer.alloc(footerSize);
  footer.write("PULSEBOX", 0, "latin1");
  footer.writeUInt32LE(layoutVersion, 8);
  footer.writeUInt32LE(index.length, 12);
  footer.writeBigUInt64LE(offset, 16);
  createHash("sha256").update(entries).digest().copy(footer, 32);
  return Buffer.concat([entries, footer]);
}

function encodeEntry({ type, name, offset, size, sha256 }: IndexEntry): Buffer {
  const entry = Buffer.alloc(entrySize);
  entry.write(name, 0, nameSize, "latin1");
  entry.writeBigUInt64LE(offset, 64);
  entry.writeBigUInt64LE(size, 72);
  entry.set(sha256, 80);
  entry.writeUInt32LE(type, 112);
  return entry;
}

function checkParts(parts: readonly Part[]): void {
  const problems: string[] = [];
  if (parts[0]?.type !== "launcher") problems.push("the first part must be the launcher");
  for (const type of ["launcher", "program", "loader"] as const) {
    const count = parts.filter((part) => part.type === type).length;
    if (count !== 1) problems.push(`${count} parts of type ${type}, expected one`);
  }
  if (parts.length > partCountMax) problems.push(`${parts.length} parts, allowed are ${partCountMax}`);
  for (const { name } of parts) {
    if (!/^[a-z0-9._+-]{1,63}$/.test(name))
      problems.push(`part "${name}": allowed are 1 to 63 of a-z 0-9 . _ + -`);
  }
  if (problems.length > 0) throw new Error(`cannot pack: ${problems.join("; ")}`);
}

/** Appends to a file and hashes what passes. */
class Writer {
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #offset = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#file.writeFile(bytes);
    this.#offset += bytes.length;
  }

  async pad(alignment: number): Promise<void> {
    const missing = (alignment - (this.#offset % alignment)) % alignment;
    if (missing > 0) await this.write(new Uint8Array(missing));
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
