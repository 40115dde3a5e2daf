// The boot loader: GRUB 2 for both firmwares, made with grub-mkimage from Debian's modules (grub-mkrescue's result is
// larger and differs from run to run). The core finds its own medium by a file whose name is the image's identity, so
// that another pulsebox medium in the same box is not mistaken for it. GRUB manual, "serial", "terminal", "search".

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Board } from "./hwdb/schema.ts";
import { ImageError, run } from "./run.ts";

/** Where Debian's grub-pc-bin and grub-efi-amd64-bin put what grub-mkimage reads. */
const grubFolder = "/usr/lib/grub";

/** The boot record that makes the CD image bootable from a disk (grub-pc-bin). */
export const hybridBootRecord = join(grubFolder, "i386-pc", "boot_hybrid.img");

const modules = [
  ...["part_msdos", "iso9660", "linux", "normal", "configfile", "search", "search_fs_file"],
  ...["serial", "terminal", "echo", "test", "sleep", "reboot", "minicmd"],
];
const firmwareModules = {
  "i386-pc-eltorito": ["biosdisk"],
  "x86_64-efi": ["efi_gop", "efi_uga", "all_video"],
};
type Platform = keyof typeof firmwareModules;

/** Debian's copyright file of GRUB: its licence goes with it (Debian Policy 12.5). */
const grubCopyright = "/usr/share/doc/grub-common/copyright";

export interface BootRequest {
  readonly version: string;
  readonly board: Board;
  readonly vmlinuz: Uint8Array;
  readonly initramfs: Uint8Array;
}

export interface BootFiles {
  readonly biosLoader: Buffer;
  readonly efiLoader: Buffer;
  /** Path on the medium -> contents: kernel, initramfs and what GRUB reads. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Everything that boots.
 * @throws ImageError when GRUB's files are not installed
 */
export async function makeBootFiles(request: BootRequest, work: string): Promise<BootFiles> {
  const { version, board, vmlinuz, initramfs } = request;
  const identity = createHash("sha256").update(vmlinuz).update(initramfs).digest("hex").slice(0, 16);
  const configuration = grubConfiguration(version, board, vmlinuz.length + initramfs.length);
  return {
    biosLoader: await makeCore("i386-pc-eltorito", identity, work),
    efiLoader: await makeCore("x86_64-efi", identity, work),
    files: new Map<string, Uint8Array>([
      ["boot/vmlinuz", vmlinuz],
      ["boot/initrd.img", initramfs],
      ["boot/grub/grub.cfg", Buffer.from(configuration)],
      [identityFile(identity), Buffer.from(`${identity}\n`)],
      ["licences/grub.txt", await readFile(grubCopyright)],
    ]),
  };
}

/** The file on the medium that GRUB searches for. */
const identityFile = (identity: string) => `boot/${identity}.id`;

/** GRUB's core with its early configuration inside. */
async function makeCore(platform: Platform, identity: string, work: string): Promise<Buffer> {
  const early = join(work, "early.cfg");
  const core = join(work, platform);
  await writeFile(early, earlyConfiguration(identity));
  const inside = [...modules, ...firmwareModules[platform]];
  try {
    await run("grub-mkimage", ["-O", platform, "-o", core, "-c", early, "-p", "/boot/grub", ...inside]);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const name = platform === "x86_64-efi" ? "grub-efi-amd64-bin" : "grub-pc-bin";
    throw new ImageError(
      `${error.message}\n(GRUB's files for ${platform} come with apt-get install ${name})`,
    );
  }
  return readFile(core);
}

export function earlyConfiguration(identity: string): string {
  return `search --no-floppy --set=root --file /${identityFile(identity)}
set prefix=($root)/boot/grub
configfile /boot/grub/grub.cfg
`;
}

/** The kernel's command line on `board` (Documentation/admin-guide/kernel-parameters.rst). */
export function kernelArguments(board: Board): string[] {
  return [
    "console=tty0",
    `console=${board.console.device},${board.console.baud}`,
    // A director that cannot go on must stop answering and come back: its peer has taken over by then.
    "panic=10",
    "oops=panic",
    // Messages of init and ha go through /dev/kmsg and must not be thinned out.
    "printk.devkmsg=on",
    // A tmpfs root would be limited to half of the memory while the program is unpacked into it.
    "rootfstype=ramfs",
    ...board.kernel_arguments.map(({ argument }) => argument),
  ];
}

/**
 * grub.cfg: speaks on VGA and, if the port exists, on the serial console; starts its entry at once, without listening.
 * UEFI types into GRUB what any serial port receives, so that a peer's heartbeats would open its editor.
 * @param size of kernel and initramfs together in bytes, shown while loading: from a CD it takes a while
 */
export function grubConfiguration(version: string, board: Board, size: number): string {
  const unit = board.console.device.slice("ttyS".length);
  const title = `pulsebox ${version} (${board.name})`;
  const megabytes = Math.round(size / 1_000_000);
  return `if serial --unit=${unit} --speed=${board.console.baud}; then
  terminal_input console serial
  terminal_output console serial
fi
set default=0
set timeout=0
menuentry "${title}" {
  echo "${title}: loading ${megabytes} MB from $root ($grub_platform) ..."
  linux /boot/vmlinuz ${kernelArguments(board).join(" ")}
  initrd /boot/initrd.img
  echo "${title}: starting the kernel"
}
menuentry "Restart" {
  reboot
}
`;
}
