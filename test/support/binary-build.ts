// Builds what the tests of launcher and one binary need, each only once for unchanged sources (.build/binary-test).

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buildBinary } from "../../image/binary/build.ts";
import { cached } from "../../image/binary/cache.ts";
import { command } from "../../image/binary/command.ts";
import { compileFlags, compileLauncher, launcherSources } from "../../image/binary/launcher.ts";
import { systemLibraries } from "../../image/binary/libraries.ts";
import type { Part } from "../../image/binary/pack.ts";
import { addonFiles } from "../../native/addons.ts";

export const root = resolve(import.meta.dirname, "../..");
export const cacheFolder = join(root, ".build", "binary-test");

const wrapped = [
  ...[
    "clock_gettime",
    "dup2",
    "execve",
    "fcntl",
    "fork",
    "getpid",
    "kill",
    "mkdir",
    "mount",
    "nanosleep",
    "open",
  ],
  ...[
    "payload_verify_self",
    "reboot",
    "setmntent",
    "setsid",
    "sigtimedwait",
    "stat",
    "sync",
    "umount2",
    "waitpid",
  ],
];

/** The path of the launcher whose requests to the kernel are written down; see binary-transcript.c. */
export async function transcriptLauncher(): Promise<string> {
  const sources = [...(await launcherSources(root)), join(root, "test/support/binary-transcript.c")];
  const texts = await Promise.all(sources.map((path) => readFile(path, "utf8")));
  const flags = [
    ...compileFlags.filter((flag) => flag !== "-Wmissing-prototypes"),
    ...wrapped.map((name) => `-Wl,--wrap=${name}`),
  ];
  return cached(join(cacheFolder, "transcript"), [...flags, ...texts], async (output) => {
    await command("musl-gcc", [...flags, "-o", output, ...sources.filter((path) => path.endsWith(".c"))]);
  });
}

/** A small dynamically linked program that prints its arguments, its environment and its own path. */
export async function smallProgram(): Promise<string> {
  const source = join(root, "test/support/binary-program.c");
  return cached(join(cacheFolder, "program"), [await readFile(source)], async (output) => {
    await command("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-no-pie", "-o", output, source]);
  });
}

/** The path of an addon that was compiled for another Node, NODE_MODULE_VERSION 100. */
async function foreignAddon(): Promise<string> {
  const source = join(root, "test/support/binary-foreign-addon.c");
  return cached(join(cacheFolder, "addon"), [await readFile(source)], async (output) => {
    await command("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", output, source]);
  });
}

/** Builds the one file of binary-entry.ts at `out`; results of its steps are kept in `cache`. */
export async function buildTestBinary(out: string, cache = cacheFolder) {
  return buildBinary({
    root,
    version: "0.0.1-test",
    entry: "test/support/binary-entry.ts",
    out,
    cache,
    addons: { arp: await foreignAddon(), serialport: addonFiles.serialport },
  });
}

/** The parts of a small file for tests of the launcher: it runs smallProgram() and hands over one addon. */
export async function smallParts(): Promise<Part[]> {
  const program = await smallProgram();
  const { loader, libraries } = await systemLibraries([program]);
  const libc = libraries.filter(({ name }) => name === "libc.so.6");
  return [
    { type: "launcher", name: "launcher", path: await compileLauncher(root, cacheFolder) },
    { type: "program", name: "program", path: program },
    { type: "loader", ...loader },
    ...libc.map((library) => ({ type: "library" as const, ...library })),
    { type: "addon", name: "sample", path: program },
  ];
}
