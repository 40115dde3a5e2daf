// A kernel and a program of a few bytes in the form that the image builder expects, so that a whole image is built in a
// second, without a network. Run as a program it builds one image: `node image-stand-in.ts FOLDER` prints its sha256.

import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BuiltImage, buildImage } from "../../image/build.ts";
import { boardNames, loadBoard } from "../../image/hwdb/boards.ts";
import type { Packing } from "../../image/initramfs.ts";
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
  readonly packing?: Packing;
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
      packing: request.packing ?? "small",
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

/** Unpacks the initramfs of an image into the new folder `unpacked`. */
export function unpackInitramfs(image: string, unpacked: string): void {
  const initrd = `${unpacked}.initrd`;
  mkdirSync(unpacked);
  const extract = ["-indev", image, "-osirrox", "on", "-extract", "/boot/initrd.img", initrd];
  execFileSync("xorriso", extract, { stdio: "ignore" });
  // Archives, one behind the other; the end of each is padded to four bytes. Only root may make device files, so those
  // stay inside.
  const take = ["-id", "--quiet", "--no-absolute-filenames", "-f", "dev/*"];
  const archives = execFileSync("zstd", ["-dc", initrd], { maxBuffer: 256 * 1024 * 1024 });
  for (let rest = archives; rest.length > 0; ) {
    const end = Math.ceil((rest.indexOf("TRAILER!!!\0") + "TRAILER!!!\0".length) / 4) * 4;
    execFileSync("cpio", take, { cwd: unpacked, input: rest.subarray(0, end) });
    rest = rest.subarray(end);
  }
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error("usage: node image-stand-in.ts FOLDER");
  const { sha256 } = await buildStandIn(folder);
  console.log(sha256);
}
