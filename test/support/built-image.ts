// The real image for tests: built by the same command a user runs, once for all tests of a run, and taken apart with
// xorriso where a test boots its kernel and initramfs without firmware.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;

function run(command: string, args: readonly string[]): string {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.status === 0) return result.stdout;
  throw new Error(
    `${command} ${args.join(" ")} ended with ${result.status ?? result.signal}:\n${result.stdout}${result.stderr}`,
  );
}

/** Builds the image from the shipped example and returns the path of its ISO. A warm build takes seconds. */
export function builtIso(): string {
  const out = join(root, ".build/vm");
  mkdirSync(out, { recursive: true });
  run(process.execPath, ["scripts/image.ts", "--config", "image/example/cluster.yaml", "--out", out]);
  const iso = readdirSync(out).find((name) => name.endsWith(".iso"));
  if (iso === undefined) throw new Error(`the build left no .iso in ${out}`);
  return join(out, iso);
}

/** A directory of a test's own, and what removes it. */
export function scratch(): { readonly path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), "pulsebox-vm-"));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/** A copy of the ISO with another cluster file flashed into it by the command a user runs. */
export function flashedCopy(iso: string, clusterFile: string, to: string): string {
  copyFileSync(iso, to);
  run(process.execPath, ["scripts/flash.ts", clusterFile, to]);
  return to;
}

/** The kernel and initramfs of the ISO, as files in `directory`. */
export function kernelAndInitrd(
  iso: string,
  directory: string,
): { readonly kernel: string; readonly initrd: string } {
  const kernel = join(directory, "vmlinuz");
  const initrd = join(directory, "initrd.img");
  const take = ["-extract", "/boot/vmlinuz", kernel, "-extract", "/boot/initrd.img", initrd];
  run("xorriso", ["-osirrox", "on", "-indev", iso, ...take]);
  for (const file of [kernel, initrd]) if (!existsSync(file)) throw new Error(`${iso} holds no ${file}`);
  return { kernel, initrd };
}
