// Builds the one file: launcher + Node with the firmware in it + C library + addons. The steps in order:
// bundle -> licences -> launcher -> application -> pack. Steps whose inputs did not change are taken from .build.

import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle, licencesAsset } from "./bundle.ts";
import { compileLauncher } from "./launcher.ts";
import { systemLibraries } from "./libraries.ts";
import { thirdPartyLicences } from "./licences.ts";
import { type Part, pack } from "./pack.ts";
import { makeApplication } from "./sea.ts";

/**
 * `addons` maps names to paths relative to `root`; default: all of native/addons.ts. `cache` is the folder for the
 * results of steps; default: .build/binary.
 */
export interface BinaryOptions {
  readonly root: string;
  readonly version: string;
  readonly entry?: string;
  readonly out?: string;
  readonly addons?: Readonly<Record<string, string>>;
  readonly cache?: string;
  /** Called with the title of each step when it begins. */
  readonly step?: (title: string) => void;
}

/** `size` in bytes, `sha256` of the whole file in hexadecimal, `licences` the path of the text beside it. */
export interface Binary {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly licences: string;
}

/**
 * Builds `out` (default dist/pulsebox) from `entry` (default firmware/main.ts), both relative to `root`. The addons
 * must have been compiled before. Equal sources, packages and system libraries give equal bytes. Throws an Error
 * that says which step failed on what; a file that was at `out` stays as it was then.
 */
export async function buildBinary(options: BinaryOptions): Promise<Binary> {
  const { root, version, entry = "firmware/main.ts", step = () => {} } = options;
  const out = resolve(root, options.out ?? "dist/pulsebox");
  const cacheFolder = resolve(root, options.cache ?? ".build/binary");

  const addons = await addonParts(root, options.addons ?? (await addonFiles(root)));
  step("bundle the firmware");
  const firmware = await bundle(root, entry, version);
  const licences = await thirdPartyLicences(root, firmware.packages);
  step("compile the launcher");
  const launcher = await compileLauncher(root, cacheFolder);
  step("make the application");
  const application = await makeApplication(root, cacheFolder, firmware, licences);
  step("pack the one file");
  const { loader, libraries } = await systemLibraries([application, ...addons.map(({ path }) => path)]);
  const parts: Part[] = [
    { type: "launcher", name: "launcher", path: launcher },
    { type: "program", name: "pulsebox", path: application },
    { type: "loader", ...loader },
    ...libraries.map((library) => ({ type: "library" as const, ...library })),
    ...addons,
  ];
  await mkdir(dirname(out), { recursive: true });
  const unfinished = `${out}.${process.pid}.part`;
  const packed = await pack(parts, unfinished);
  await rename(unfinished, out);
  const licencesPath = join(dirname(out), licencesAsset);
  await writeFile(licencesPath, licences);
  return { path: out, ...packed, licences: licencesPath };
}

/** The addon list belongs to the source tree that is built, so it is read from there. */
async function addonFiles(root: string): Promise<Record<string, string>> {
  const module: unknown = await import(pathToFileURL(join(root, "native/addons.ts")).href);
  const files: unknown = Object(module).addonFiles;
  const entries = Object.entries(Object(files));
  if (entries.length === 0) throw new Error("native/addons.ts: addonFiles names no addons");
  return Object.fromEntries(entries.map(([name, path]) => [name, String(path)]));
}

async function addonParts(root: string, files: Readonly<Record<string, string>>): Promise<Part[]> {
  const parts = Object.keys(files)
    .sort()
    .map((name): Part => ({ type: "addon", name, path: resolve(root, files[name] ?? "") }));
  const missing: string[] = [];
  for (const { name, path } of parts) {
    await access(path).catch(() => missing.push(`${name} (${files[name]})`));
  }
  if (missing.length > 0) throw new Error(`addons were not compiled: ${missing.join(", ")}`);
  return parts;
}
