// The medium: one ISO 9660 file that boots as a CD (El Torito) and as a USB stick or disk (MBR), under BIOS and UEFI.
// MBR partitions: 1 the ISO itself (from sector 64, so that it can be mounted as a partition), 2 the EFI system
// partition, 3 the config area. xorriso(1) and xorrisofs(1), section "Bootable ISO images"; UEFI 2.10 §13.3.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copyInto, makeFat } from "./config-area.ts";
import { SOURCE_DATE_EPOCH } from "./epoch.ts";
import { hybridBootRecord } from "./grub.ts";
import { describeImage, type ImageDescription, volumeId } from "./layout.ts";
import { run } from "./run.ts";

export interface Medium {
  readonly description: ImageDescription;
  /** Path on the medium -> contents. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** GRUB's El Torito image for BIOS. */
  readonly biosLoader: Uint8Array;
  /** GRUB as a UEFI application. */
  readonly efiLoader: Uint8Array;
  readonly configArea: Uint8Array;
}

export interface WrittenImage {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** FAT volume serial number of the EFI system partition: "PBEF". */
const espId = "50424546";

/** Writes the image to `target`, replacing it only when all went well. */
export async function writeIso(medium: Medium, target: string, work: string): Promise<WrittenImage> {
  const tree = join(work, "tree");
  const files = new Map([...medium.files, ["boot/grub/bios.img", medium.biosLoader]]);
  for (const [path, data] of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), data);
  }
  const esp = join(work, "esp.fat");
  const configArea = join(work, "config.part");
  const iso = join(work, "image.iso");
  await makeEsp(esp, medium.efiLoader, work);
  await writeFile(configArea, medium.configArea);
  await run("xorriso", xorrisoArguments(medium.description, { tree, esp, configArea, iso }));
  await mkdir(dirname(target), { recursive: true });
  await copyFile(iso, `${target}.part`);
  await rename(`${target}.part`, target);
  const bytes = await readFile(iso);
  return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** As small as the loader allows, in steps of 64 KiB, with room for the FAT and the two folders. */
async function makeEsp(file: string, loader: Uint8Array, work: string): Promise<void> {
  const step = 64 * 1024;
  const size = Math.ceil((loader.length + step / 2) / step) * step;
  await makeFat(file, size, "ESP", espId);
  await run("mmd", ["-i", file, "::EFI", "::EFI/BOOT"]);
  await copyInto(file, "EFI/BOOT/BOOTX64.EFI", loader, work);
}

interface Paths {
  readonly tree: string;
  readonly esp: string;
  readonly configArea: string;
  readonly iso: string;
}

function xorrisoArguments(description: ImageDescription, { tree, esp, configArea, iso }: Paths): string[] {
  return [
    ...["-as", "mkisofs", "-quiet", "-o", iso],
    // The volume's dates and UUID come from SOURCE_DATE_EPOCH in the environment, those of files and folders do not.
    ...["--set_all_file_dates", `=${SOURCE_DATE_EPOCH}`],
    ...["-V", volumeId, "-A", describeImage(description), "-r", "-J"],
    ...["-partition_offset", "16", "--grub2-mbr", hybridBootRecord],
    ...["-b", "boot/grub/bios.img", "-c", "boot/boot.cat"],
    ...["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info"],
    ...["-append_partition", "2", "0xef", esp],
    ...["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"],
    ...["-append_partition", "3", "0x0c", configArea],
    tree,
  ];
}
