// The shared libraries that Node and the addons need from the system, in the order in which they are preloaded, and
// the dynamic loader. They are taken from the machine that builds: a box has no other C library than these.

import { access } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.ts";

/** Debian's folder first, then where other distributions for x86-64 have theirs. */
const folders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"];

const loaderName = "ld-linux-x86-64.so.2";
const libraryNames = [
  "libdl.so.2",
  "libstdc++.so.6",
  "libm.so.6",
  "libgcc_s.so.1",
  "libpthread.so.0",
  "libc.so.6",
];

export interface SystemLibraries {
  readonly loader: { readonly name: string; readonly path: string };
  readonly libraries: readonly { readonly name: string; readonly path: string }[];
}

/**
 * Finds loader and libraries and makes sure that they are all that `objects` (paths of ELF files) ask for. Throws an
 * Error that lists every library that is missing on this machine or from the list above.
 */
export async function systemLibraries(objects: readonly string[]): Promise<SystemLibraries> {
  const problems: string[] = [];
  const find = async (name: string): Promise<{ name: string; path: string }> => {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await readable(path)) return { name, path };
    }
    problems.push(`${name} is in none of ${folders.join(", ")}`);
    return { name, path: "" };
  };
  const loader = await find(loaderName);
  const libraries = await Promise.all(libraryNames.map(find));
  for (const object of objects) {
    for (const name of await neededLibraries(object)) {
      if (name !== loaderName && !libraryNames.includes(name)) {
        problems.push(`${object} needs ${name}, which is not among ${libraryNames.join(", ")}`);
      }
    }
  }
  if (problems.length > 0) throw new Error(`cannot collect the C libraries:\n${problems.join("\n")}`);
  return { loader, libraries };
}

/** DT_NEEDED of an ELF file, elf(5). */
async function neededLibraries(object: string): Promise<string[]> {
  const dynamic = await command("readelf", ["-dW", object]);
  return [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => match[1] ?? "");
}

async function readable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
