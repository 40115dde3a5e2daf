// Puts another cluster file into a finished image (a file, or the stick it was written to) without a rebuild. Everything
// happens in a copy of the config area; the image itself is touched by one write of that area, which is then read back
// through another file descriptor. Whatever is wrong is found before that write, so that a refused flash changes nothing.

import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCluster, requireFit } from "./cluster.ts";
import { configAreaSize, replaceClusterFile } from "./config-area.ts";
import { boardNames, loadBoard } from "./hwdb/boards.ts";
import { configAreaFault, headSize, type ImageLayout, readLayout } from "./layout.ts";
import { ImageError } from "./run.ts";
import { inWorkFolder } from "./work-folder.ts";

export interface Flashed {
  readonly cluster: string;
  readonly version: string;
  readonly profile: string;
  /** What is odd about the cluster file, rendered; empty when nothing is. */
  readonly warnings: string;
}

/**
 * Validates `clusterFile`, writes it into the config area of `image`, and verifies it.
 * @throws ImageError saying what is wrong; unless it says otherwise the image is unchanged
 */
export async function flash(clusterFile: string, image: string): Promise<Flashed> {
  const cluster = await readCluster(clusterFile);
  const handle = await openImage(image);
  try {
    const { layout, area } = await inspect(handle, image);
    if (!boardNames().includes(layout.profile)) {
      throw new ImageError(
        `${image}: built for profile "${layout.profile}", which this hardware database lacks`,
      );
    }
    requireFit(cluster, loadBoard(layout.profile), layout.ipmitool);
    const wanted = await inWorkFolder(tmpdir(), (work) => changedArea(area, cluster.bytes, work));
    await writeArea(handle, image, layout.configOffset, area, wanted);
    const { version, profile } = layout;
    return { cluster: cluster.config.cluster, version, profile, warnings: cluster.warnings };
  } finally {
    await handle.close();
  }
}

async function openImage(image: string): Promise<FileHandle> {
  try {
    const found: Stats = await stat(image);
    if (!found.isFile() && !found.isBlockDevice())
      throw new ImageError(`${image}: not a file and not a disk`);
    return await open(image, constants.O_RDWR);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`${image}: ${openFailure(error)}`);
  }
}

function openFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ENOENT") return "there is no such image";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return `the image is not writable (${code})`;
  return `cannot open the image (${code})`;
}

async function inspect(handle: FileHandle, image: string): Promise<{ layout: ImageLayout; area: Buffer }> {
  const layout = readLayout(await readAt(handle, 0, headSize));
  if (typeof layout === "string") throw new ImageError(`${image}: not a pulsebox image: ${layout}`);
  const area = await readAt(handle, layout.configOffset, configAreaSize);
  const fault = configAreaFault(area);
  if (fault !== undefined) throw new ImageError(`${image}: not a sound pulsebox image: ${fault}`);
  return { layout, area };
}

async function changedArea(area: Buffer, clusterFile: Buffer, work: string): Promise<Buffer> {
  const copy = join(work, "config.fat");
  await writeFile(copy, area);
  await replaceClusterFile(copy, clusterFile, work);
  return readFile(copy);
}

async function writeArea(
  handle: FileHandle,
  image: string,
  offset: number,
  before: Buffer,
  wanted: Buffer,
): Promise<void> {
  try {
    await writeAt(handle, offset, wanted);
    await verify(image, offset, wanted);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await writeAt(handle, offset, before).catch(() => {});
    const unharmed = (await readAt(handle, offset, before.length)).equals(before);
    const area = unharmed
      ? "its config area is as it was"
      : "its config area is damaged: write the image anew";
    throw new ImageError(`${image}: writing failed: ${reason}; ${area}`);
  }
}

async function verify(image: string, offset: number, wanted: Buffer): Promise<void> {
  const handle = await open(image, "r");
  try {
    const found = await readAt(handle, offset, wanted.length);
    if (!found.equals(wanted)) throw new Error("it reads back differently");
  } finally {
    await handle.close();
  }
}

async function writeAt(handle: FileHandle, offset: number, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await handle.write(bytes, 0, bytes.length, offset);
  if (bytesWritten !== bytes.length)
    throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
  await handle.sync();
}

/** Up to `length` bytes; fewer at the end of the file. */
async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}
