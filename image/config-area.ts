// The config area: a FAT partition of 1 MiB at the end of the image that holds the cluster file, so that any PC can
// edit it on a written stick and `npm run flash` can replace it without a rebuild. FAT12 as in Microsoft's FAT
// specification 1.03; made and changed with dosfstools and mtools, which need neither root nor a mount.

import { chmod, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SOURCE_DATE_EPOCH } from "./epoch.ts";
import { ImageError, run } from "./run.ts";

export const configAreaSize = 1024 * 1024;
export const configAreaLabel = "CONFIG";
export const clusterFileName = "cluster.yaml";

/** FAT volume serial number: "PBCF". One for all images: nothing looks a config area up by it. */
const volumeId = "50424346";

/**
 * Makes a config area.
 * @param clusterSchema the cluster file's JSON Schema, as text, for editors
 * @param work an empty folder for intermediate files
 */
export async function makeConfigArea(
  clusterFile: Uint8Array,
  clusterSchema: string,
  version: string,
  work: string,
): Promise<Buffer> {
  const area = join(work, "config.fat");
  await makeFat(area, configAreaSize, configAreaLabel, volumeId);
  await copyInto(area, clusterFileName, clusterFile, work);
  await copyInto(area, "cluster.schema.json", Buffer.from(clusterSchema), work);
  await copyInto(area, "README.TXT", Buffer.from(readMe(version)), work);
  return readFile(area);
}

/** An empty FAT12 file system of `size` bytes in a new file. */
export async function makeFat(file: string, size: number, label: string, id: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, "");
  await truncate(file, size);
  await run("mkfs.fat", ["--invariant", "-F", "12", "-s", "1", "-i", id, "-n", label, file]);
}

/** Writes `data` as `name` into the FAT image, replacing a file of that name. */
export async function copyInto(image: string, name: string, data: Uint8Array, work: string): Promise<void> {
  const source = join(work, "to-copy");
  await writeFile(source, data);
  await chmod(source, 0o644);
  await utimes(source, SOURCE_DATE_EPOCH, SOURCE_DATE_EPOCH);
  await run("mcopy", ["-o", "-m", "-i", image, source, `::${name}`]);
  await rm(source);
}

/**
 * Puts another cluster file into a config area, in place; everything else in it stays.
 * @throws ImageError when it does not fit or the area is not sound; the area file is then worthless
 */
export async function replaceClusterFile(area: string, clusterFile: Uint8Array, work: string): Promise<void> {
  await run("mdel", ["-i", area, `::${clusterFileName}`]).catch(() => {});
  const free = await freeBytes(area);
  if (clusterFile.length > free) {
    throw new ImageError(
      `the cluster file has ${clusterFile.length} bytes; the image's config area has room for ${free}`,
    );
  }
  await copyInto(area, clusterFileName, clusterFile, work);
  if (!(await readClusterFile(area)).equals(clusterFile)) {
    throw new ImageError("the config area is damaged: the cluster file does not read back as it was written");
  }
}

/** The cluster file inside a config area. */
export function readClusterFile(area: string): Promise<Buffer> {
  return run("mcopy", ["-n", "-i", area, `::${clusterFileName}`, "-"]);
}

async function freeBytes(area: string): Promise<number> {
  const listing = String(await run("mdir", ["-i", area, "::"]));
  const free = /([0-9 ]+) bytes free/.exec(listing)?.[1]?.replaceAll(" ", "");
  if (free === undefined) throw new ImageError("the config area is damaged: mdir shows no free space");
  return Number(free);
}

/** With CR LF: it is read on any PC. */
function readMe(version: string): string {
  return `pulsebox ${version}: config area

cluster.yaml         the cluster file; the same on every box. Edit it here, or put another one in
                     its place, and the boxes use it at their next start.
cluster.schema.json  its JSON Schema: lets an editor complete and check what you write.

A box that finds a mistake in cluster.yaml stays passive and shows it on its console.
Check the file before: pulsebox check cluster.yaml
`.replaceAll("\n", "\r\n");
}
