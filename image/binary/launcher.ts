// Compiles native/launcher with musl into the static front of the one file.
// The launcher must not lie where Node does (non-PIE, from 0x400000), hence its own text segment. `-static-pie` would
// quietly give a dynamic executable with musl-gcc. The build id is left out: it adds nothing to a file with a version.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { command } from "./command.ts";

/** Warnings are errors; the test build of the launcher uses the same. */
export const compileFlags = [
  "-std=gnu11",
  "-O2",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wshadow",
  "-Wconversion",
  "-Wstrict-prototypes",
  "-Wmissing-prototypes",
  "-static",
  "-no-pie",
  "-fno-pie",
];

const linkFlags = ["-s", "-Wl,-Ttext-segment=0x40000000", "-Wl,-z,noseparate-code", "-Wl,--build-id=none"];

/** The C files of the launcher in the source tree `root`, sorted. */
export async function launcherSources(root: string): Promise<string[]> {
  const folder = join(root, "native", "launcher");
  const names = (await readdir(folder)).filter((name) => /\.[ch]$/.test(name)).sort();
  return names.map((name) => join(folder, name));
}

/** The path of the compiled launcher, without payload. `cacheFolder` is where results are kept. */
export async function compileLauncher(root: string, cacheFolder: string): Promise<string> {
  const sources = await launcherSources(root);
  const texts = await Promise.all(sources.map((path) => readFile(path, "utf8")));
  const compiler = await command("musl-gcc", ["--version"]);
  return cached(
    join(cacheFolder, "launcher"),
    [compiler, ...compileFlags, ...linkFlags, ...texts],
    async (output) => {
      const units = sources.filter((path) => path.endsWith(".c"));
      await command("musl-gcc", [...compileFlags, ...linkFlags, "-o", output, ...units]);
    },
  );
}
