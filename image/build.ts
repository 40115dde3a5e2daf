// The contents page of the image builder: read buildImage from top to bottom, each step is a file beside this one.
// One cluster file, one board of hwdb, one program and Debian's kernel become one ISO image that boots as CD and as
// stick under BIOS and UEFI. No root, no mounts, no loop devices; equal inputs give equal bytes.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { boardFor, clusterSchemaText, readCluster } from "./cluster.ts";
import { makeConfigArea } from "./config-area.ts";
import { fencesByIpmi, fencingEntries } from "./fencing-program.ts";
import { makeBootFiles } from "./grub.ts";
import { makeInitramfs, type Packing, type Program } from "./initramfs.ts";
import { type WrittenImage, writeIso } from "./iso.ts";
import { fetchKernel, type Kernel } from "./kernel.ts";
import { modulesFor } from "./modules.ts";
import type { Step } from "./step.ts";
import { inWorkFolder } from "./work-folder.ts";

export type { Program } from "./initramfs.ts";

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
  /** How hard to compress; undefined: small. */
  readonly packing?: Packing;
  /** The kernel to take; undefined: Debian's current one. */
  readonly kernel?: Kernel;
}

export interface BuiltImage extends WrittenImage {
  readonly path: string;
  readonly profile: string;
  readonly kernel: Kernel;
  /** What is odd about the cluster file, rendered; empty when nothing is. */
  readonly warnings: string;
}

/**
 * Builds the image; nothing is left in `out` unless every step went well.
 * @throws ImageError when the cluster file, the board or the machine does not allow it
 */
export function buildImage(request: ImageRequest, step: Step): Promise<BuiltImage> {
  return inWorkFolder(request.cache, (work) => build(request, step, work));
}

async function build(request: ImageRequest, step: Step, work: string): Promise<BuiltImage> {
  const { version, cache } = request;
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
  const modules = await step("Kernel modules", (note) => modulesFor(board, kernel, note));
  const ipmitool = fencesByIpmi(cluster.config);
  const fencing = ipmitool ? await step("Fencing program", fencingEntries) : [];
  const initramfs = await step("Initramfs", (note) =>
    makeInitramfs(
      { program, version, board, kernel, modules, clusterSchema, fencing },
      request.packing ?? "small",
      join(cache, "initramfs"),
      note,
    ),
  );
  const bootFiles = await step("Boot loader", async () =>
    makeBootFiles({ version, board, vmlinuz: await readFile(kernel.vmlinuz), initramfs }, work),
  );
  const configArea = await step("Config area", () =>
    makeConfigArea(cluster.bytes, clusterSchema, version, work),
  );
  const path = join(request.out, `pulsebox-${version}-${board.name}.iso`);
  const written = await step("Image", () =>
    writeIso(
      { description: { version, profile: board.name, ipmitool }, ...bootFiles, configArea },
      path,
      work,
    ),
  );
  return { path, ...written, profile: board.name, kernel, warnings: cluster.warnings };
}
