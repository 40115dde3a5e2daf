// The contents page of the image builder: read buildImage from top to bottom, each step is a file beside this one.
// One cluster file, one board of hwdb, one program and Debian's kernel become one ISO image that boots as CD and as
// stick under BIOS and UEFI. No root, no mounts, no loop devices; equal inputs give equal bytes.

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { boardFor, clusterSchemaText, readCluster } from "./cluster.ts";
import { makeConfigArea } from "./config-area.ts";
import { grubConfiguration, identityFile, makeGrubCore } from "./grub.ts";
import { makeInitramfs } from "./initramfs.ts";
import { writeIso } from "./iso.ts";
import { fetchKernel, type Kernel } from "./kernel.ts";
import { chooseModules, readCatalogue } from "./modules.ts";
import type { Step } from "./step.ts";

/** What becomes /init and /usr/bin/pulsebox. */
export interface Program {
  readonly path: string;
  /** File name -> text of the licences of what is inside. */
  readonly licences: ReadonlyMap<string, string>;
}

export interface ImageRequest {
  readonly version: string;
  /** Path of the cluster file. */
  readonly config: string;
  /** A board of hwdb; undefined: what the cluster file's nodes name. */
  readonly profile: string | undefined;
  /** Builds the program; called once the cluster file is known to be good. */
  readonly program: (step: Step) => Promise<Program>;
  /** Folder for the image. */
  readonly out: string;
  /** Folder for what later builds can use again. */
  readonly cache: string;
  /** The kernel to take; undefined: Debian's current one. */
  readonly kernel?: Kernel;
}

export interface BuiltImage {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly profile: string;
  readonly kernel: Kernel;
  /** What is odd about the cluster file, rendered; empty when nothing is. */
  readonly warnings: string;
}

/**
 * Builds the image; nothing is left in `out` unless every step went well.
 * @throws ImageError when the cluster file, the board or the machine does not allow it
 */
export async function buildImage(request: ImageRequest, step: Step): Promise<BuiltImage> {
  const { version, cache } = request;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, ".work-"));
  try {
    const { cluster, board } = await step("Cluster file", async (note) => {
      const cluster = await readCluster(request.config);
      const board = boardFor(cluster, request.profile);
      note(`${cluster.config.cluster} for ${board.name}`);
      return { cluster, board };
    });
    const clusterSchema = clusterSchemaText();
    const program = await request.program(step);
    const kernel = await step(
      "Kernel",
      async (note) => request.kernel ?? fetchKernel(join(cache, "kernel"), note),
    );
    const modules = await step("Kernel modules", async (note) => {
      const index = chooseModules(await readCatalogue(kernel.modules, kernel.release), board);
      note(`${Object.keys(index.modules).length} for ${board.name}`);
      return index;
    });
    const initramfs = await step("Initramfs", async (note) => {
      const licences = new Map([...program.licences, ["linux", await readFile(kernel.copyright, "utf8")]]);
      const contents = { version, board, kernel, modules, clusterSchema, licences };
      const bytes = await readFile(program.path);
      return makeInitramfs({ ...contents, program: bytes }, join(cache, "initramfs"), note);
    });
    const vmlinuz = await readFile(kernel.vmlinuz);
    const identity = identityOf([vmlinuz, initramfs]);
    const grub = await step("Boot loader", async () => ({
      bios: await makeGrubCore("i386-pc-eltorito", identity, work),
      efi: await makeGrubCore("x86_64-efi", identity, work),
      configuration: grubConfiguration(version, board, vmlinuz.length + initramfs.length),
    }));
    const configArea = await step("Config area", () =>
      makeConfigArea(cluster.bytes, clusterSchema, version, work),
    );
    const path = join(request.out, `pulsebox-${version}-${board.name}.iso`);
    await step("Image", () => {
      const files = new Map<string, Uint8Array>([
        ["boot/vmlinuz", vmlinuz],
        ["boot/initrd.img", initramfs],
        ["boot/grub/grub.cfg", Buffer.from(grub.configuration)],
        [identityFile(identity), Buffer.from(`${identity}\n`)],
      ]);
      const description = { version, profile: board.name };
      return writeIso({ description, files, grubBios: grub.bios, grubEfi: grub.efi, configArea }, path, work);
    });
    const image = await readFile(path);
    const sha256 = createHash("sha256").update(image).digest("hex");
    const { warnings } = cluster;
    return { path, size: image.length, sha256, profile: board.name, kernel, warnings };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A word that differs between images which must not load each other's kernel. */
function identityOf(parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
}
