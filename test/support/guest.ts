// A QEMU guest that boots the real image the way a box does: from CD or USB stick, under BIOS or UEFI, or straight
// from a kernel and initramfs where the firmware is not the matter. Its serial console is read line by line; pulling
// the plug is SIGKILL.

import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plug } from "./guest-network.ts";
import type { Namespace } from "./netns.ts";

export type BootFrom =
  | { readonly from: "cd"; readonly iso: string }
  | { readonly from: "usb"; readonly iso: string }
  | { readonly from: "kernel"; readonly kernel: string; readonly initrd: string; readonly append: string };

export interface GuestOptions {
  readonly name: string;
  readonly firmware: "bios" | "uefi";
  readonly boot: BootFrom;
  readonly plugs: readonly Plug[];
  /** Default virtio-net-pci. */
  readonly card?: string;
  /** RAM in MiB; default 640. */
  readonly memory?: number;
  readonly watchdog?: "i6300esb";
  /** Further QEMU arguments. */
  readonly more?: readonly string[];
}

const ovmf = "/usr/share/ovmf/OVMF.fd";

/** Real KVM is through firmware and boot sector in a few tenths of a second; nested without hardware help it takes ten
 * times as long even for this, and a kernel hangs. In milliseconds. */
const kvmPatience = 1200;

/** `out dx, al` to the debug-exit port: a machine that runs this ends with code 33 at once. */
const exitingBootSector = [0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee, 0xf4];

let accelerator: string | undefined;

/** "kvm" where a guest really runs under it (the device file alone proves nothing), else emulation. */
export function fastestAccelerator(): string {
  accelerator ??= kvmRuns() ? "kvm" : "tcg,thread=multi";
  return accelerator;
}

function kvmRuns(): boolean {
  const directory = mkdtempSync(join(tmpdir(), "pulsebox-kvm-"));
  try {
    const sector = Buffer.alloc(512);
    sector.set(exitingBootSector);
    sector.writeUInt16LE(0xaa55, 510);
    const disk = join(directory, "exit.img");
    writeFileSync(disk, sector);
    const args = [
      "-accel",
      "kvm",
      "-machine",
      "pc",
      "-m",
      "16",
      "-display",
      "none",
      "-nodefaults",
      "-no-reboot",
    ];
    const drive = ["-drive", `file=${disk},format=raw,if=ide`, "-device", "isa-debug-exit,iobase=0xf4"];
    const tried = spawnSync("qemu-system-x86_64", [...args, ...drive], {
      timeout: kvmPatience,
      stdio: "ignore",
      killSignal: "SIGKILL",
    });
    return tried.status === 33;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function mediumArguments(boot: BootFrom, firmware: "bios" | "uefi"): string[] {
  if (boot.from === "kernel") return ["-kernel", boot.kernel, "-initrd", boot.initrd, "-append", boot.append];
  if (boot.from === "cd") {
    const controller = firmware === "uefi" ? "ide.2" : "ide.1";
    return [
      ...["-drive", `id=medium,file=${boot.iso},format=raw,if=none,media=cdrom,readonly=on`],
      ...["-device", `ide-cd,id=drive,drive=medium,bus=${controller},bootindex=0`],
    ];
  }
  return [
    ...["-drive", `id=medium,file=${boot.iso},format=raw,if=none,snapshot=on`],
    ...["-device", firmware === "uefi" ? "qemu-xhci" : "usb-ehci"],
    ...["-device", "usb-storage,id=drive,drive=medium,removable=on,bootindex=0"],
  ];
}

/** The whole QEMU command line of a guest. */
export function guestCommand(options: GuestOptions): readonly string[] {
  const { firmware, boot, plugs, card = "virtio-net-pci", memory = 640, watchdog, more = [] } = options;
  const cards = plugs.flatMap(({ tap, mac }, index) => [
    ...["-netdev", `tap,id=net${index},ifname=${tap},script=no,downscript=no`],
    ...["-device", `${card},netdev=net${index},mac=${mac},romfile=`],
  ]);
  return [
    "qemu-system-x86_64",
    ...["-name", options.name, "-accel", fastestAccelerator(), "-smp", "2", "-m", `${memory}`],
    ...["-machine", firmware === "uefi" ? "q35" : "pc", ...(firmware === "uefi" ? ["-bios", ovmf] : [])],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-vga", "std"],
    ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    ...mediumArguments(boot, firmware),
    ...cards,
    ...(watchdog === undefined ? [] : ["-device", watchdog, "-action", "watchdog=reset"]),
    ...more,
  ];
}

/** A line of the serial console, and when it came, in milliseconds since the power was switched on. */
export interface ConsoleLine {
  readonly at: number;
  readonly text: string;
}

export class Guest {
  readonly name: string;
  readonly lines: ConsoleLine[] = [];
  readonly #process: ChildProcess;
  readonly #poweredOn = performance.now();
  readonly #watchers = new Set<() => void>();
  #rest = "";

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => this.#read(chunk.toString("latin1")));
    child.once("exit", () => this.#wake());
  }

  /** Switches a guest on inside the namespace that has its tap devices. */
  static start(rack: Namespace, options: GuestOptions): Guest {
    return new Guest(options.name, rack.spawn(guestCommand(options), { stdio: ["pipe", "pipe", "pipe"] }));
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The host process of the guest. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Calls back with each new console line; returns how to stop. */
  onLine(listener: (line: ConsoleLine) => void): () => void {
    let seen = this.lines.length;
    const watcher = () => {
      for (const line of this.lines.slice(seen)) listener(line);
      seen = this.lines.length;
    };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** The first console line at or after index `from` that matches; rejects with the console's tail after `timeout` milliseconds or when the guest ends. */
  waitFor(pattern: RegExp, timeout: number, from = 0): Promise<ConsoleLine> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = () => {
        const found = this.lines.slice(from).find((line) => pattern.test(line.text));
        if (found !== undefined) settle(() => resolve(found));
        else if (!this.running)
          settle(() => reject(new Error(this.#complaint(pattern, "before the guest ended"))));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(this.#complaint(pattern, `within ${timeout} ms`)))),
        timeout,
      );
      this.#watchers.add(look);
      look();
    });
  }

  /** Pulls the plug: nothing inside gets to say a word. */
  async powerCut(): Promise<void> {
    if (!this.running) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  #complaint(pattern: RegExp, when: string): string {
    const tail = this.lines.slice(-40).map((line) => `  ${(line.at / 1000).toFixed(2)} ${line.text}`);
    return `${this.name}: no console line matched ${pattern} ${when}. The last lines:\n${tail.join("\n")}`;
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split(/\r?\n/);
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.lines.push({ at: performance.now() - this.#poweredOn, text: plain(part) });
    if (parts.length > 0) this.#wake();
  }

  #wake(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Without the terminal sequences that firmware and boot loader send (ECMA-48). */
function plain(text: string): string {
  const control = String.fromCharCode(27);
  return text.replace(new RegExp(`${control}\\[[0-9;?=]*[A-Za-z]|\\r`, "g"), "");
}
