// `pulsebox convert`: heartbeat's configuration as a cluster file on standard output, and on standard error what could not be
// converted and what is wrong with the result. Nothing is written or changed.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkClusterFile } from "../core/config/cluster-file.ts";
import { renderDiagnostics } from "../core/config/render.ts";
import { convert, type HeartbeatFile } from "../core/convert/convert.ts";
import type { Place, ThisBox } from "../core/convert/places.ts";
import type { Streams } from "./cli.ts";

/** 1 if a file is missing, something could not be converted, or the result has errors. */
export async function convertSetup(
  directory: string,
  places: readonly Place[],
  box: ThisBox,
  streams: Streams,
): Promise<number> {
  const [haCf, authkeys] = [await read(directory, "ha.cf"), await read(directory, "authkeys")];
  const haresources = await read(directory, "haresources").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const files = { haCf, authkeys, ...(haresources && { haresources }) };
  const { text, diagnostics, unknown } = convert({ ...files, places, box });
  for (const file of Object.values(files)) {
    const own = diagnostics.filter((each) => each.file === file.name);
    if (own.length > 0) streams.err(renderDiagnostics(own, file.text));
  }
  streams.out(text);
  // What was not converted is missing in the result: the same mistakes again.
  if (diagnostics.some(({ severity }) => severity === "error")) return 1;
  const result = checkClusterFile(text, "cluster.yaml");
  if (result.diagnostics.length > 0) streams.err(renderDiagnostics(result.diagnostics, text));
  if (result.config === undefined && unknown.length > 0) {
    const options = unknown.map((place) => ` --address ${place}=ADDRESS/PREFIX`).join("");
    streams.err(`Not in heartbeat's files, and not known here: pulsebox convert${options}\n`);
  }
  return result.config === undefined ? 1 : 0;
}

async function read(directory: string, name: string): Promise<HeartbeatFile> {
  const path = join(directory, name);
  return { name: path, text: await readFile(path, "utf8") };
}
