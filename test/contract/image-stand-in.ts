// A kernel and a program of a few bytes in the form that the image builder expects, so that a whole image is built in a
// second, without a network. Run as a program it builds one image: `node image-stand-in.ts FOLDER` prints its sha256.

import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BuiltImage, buildImage } from "../../image/build.ts";
import { boardNames, loadBoard } from "../../image/hwdb/boards.ts";
import type { Kernel } from "../../image/kernel.ts";
import { wantedModules } from "../../image/modules.ts";
import { silently } from "../../image/step.ts";

export const exampleCluster = join(import.meta.dirname, "..", "..", "image", "example", "cluster.yaml");
export const standInProgram = "#!/bin/sh\necho the firmware stands here\n";
export const standInVersion = "0.0.1-test";

function put(path: string, contents: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  return path;
}

/** A kernel whose modules are all those that any board wants, without dependencies. */
export function standInKernel(folder: string): Kernel {
  const release = "6.1.0-0-test";
  const modules = join(folder, "lib", "modules", release);
  const names = [...new Set(boardNames().flatMap((name) => wantedModules(loadBoard(name))))].sort();
  for (const name of names) put(join(modules, "kernel", `${name}.ko`), `module ${name}`);
  put(join(modules, "modules.dep"), names.map((name) => `kernel/${name}.ko:\n`).join(""));
  put(join(modules, "modules.alias"), "alias pci:v00008086d0000100Esv*sd*bc*sc*i* e1000\n");
  put(join(modules, "modules.softdep"), "");
  return {
    release,
    version: "6.1.0-0",
    vmlinuz: put(join(folder, "boot", "vmlinuz"), "kernel"),
    modules,
    copyright: put(join(folder, "copyright"), "GPL-2\n"),
  };
}

export interface StandInRequest {
  readonly config?: string;
  readonly profile?: string;
}

/** Builds an image with everything that belongs to it below `folder`; the result lies in `folder`/out. */
export function buildStandIn(folder: string, request: StandInRequest = {}): Promise<BuiltImage> {
  return buildImage(
    {
      version: standInVersion,
      config: request.config ?? exampleCluster,
      profile: request.profile,
      program: async () => ({
        path: put(join(folder, "program"), standInProgram),
        licences: new Map([["program.txt", "MIT\n"]]),
      }),
      out: join(folder, "out"),
      cache: join(folder, "cache"),
      kernel: standInKernel(join(folder, "kernel")),
    },
    silently,
  );
}

/** A copy of the example cluster file with `change` made to its text. */
export function changedCluster(path: string, change: (text: string) => string): string {
  cpSync(exampleCluster, path);
  chmodSync(path, 0o644);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  if (after === before) throw new Error("the example cluster file does not hold what was to be changed");
  return put(path, after);
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("usage: node image-stand-in.ts FOLDER");
  const { sha256 } = await buildStandIn(folder);
  console.log(sha256);
}
