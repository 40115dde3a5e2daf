// Results of expensive build steps, kept under .build/binary by the content of everything that went into them. A file
// appears under its name only when it is complete (rename(2)), so builds that run at the same time can share it.

import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** How many results of one step are kept; the longest unused go first. */
const keptResults = 3;

/** SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** SHA-256 over texts and bytes with their lengths, in hexadecimal. */
export function hashOf(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${Buffer.byteLength(input)}:`).update(input);
  return hash.digest("hex");
}

/**
 * The path of the file that `make` writes for these inputs; `make` gets the path to write to and is not called when
 * the result is there already. `folder` holds the results of one step.
 */
export async function cached(
  folder: string,
  inputs: readonly (string | Uint8Array)[],
  make: (output: string) => Promise<void>,
): Promise<string> {
  const path = join(folder, hashOf(inputs).slice(0, 32));
  if (await exists(path)) {
    const now = new Date();
    await utimes(path, now, now);
    return path;
  }
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    await make(unfinished);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  await dropOldResults(folder);
  return path;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function dropOldResults(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith(".part"));
  const results = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), used: (await stat(join(folder, name))).mtimeMs })),
  );
  results.sort((a, b) => b.used - a.used);
  for (const { path } of results.slice(keptResults)) await rm(path, { force: true });
}
