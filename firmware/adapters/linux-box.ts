// The port Box on a real Linux machine: sysfs for the hardware, finit_module(2) for modules, and the CONFIG file
// system (FAT, Microsoft EFI FAT specification 1.03) found by its label on partitions or, on a CD that carries
// a hybrid image and has no partitions for Linux, through the third MBR entry and a loop device.

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { attachLoop, loadModule, mount, setHostName, unmount } from "../../native/process/index.ts";
import type { Box, ConfigMedium, ReadResult } from "../ports/box.ts";
import type { Outcome } from "../ports/network.ts";
import { outcomeOf, words } from "./outcome.ts";

const sector = 512;
const configLabel = "CONFIG     ";
/** Offsets of the volume label in a FAT12/FAT16 and in a FAT32 boot sector. */
const labelOffsets = [43, 71];
/** The third entry of the MBR's partition table, where the builder puts the config area. */
const configEntry = 446 + 2 * 16;
const largestClusterFile = 1024 * 1024;

const mountPoint = "/run/pulsebox/medium";
const handOverPath = "/run/pulsebox/cluster.yaml";

function readAt(device: string, offset: number, length: number): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(device, "r");
  } catch {
    return undefined; // an empty drive answers ENOMEDIUM: not a medium
  }
  try {
    const bytes = Buffer.alloc(length);
    return readSync(fd, bytes, 0, length, offset) === length ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function hasConfigLabel(device: string, offset: number): boolean {
  const boot = readAt(device, offset, sector);
  if (boot === undefined || boot.readUInt16LE(510) !== 0xaa55) return false;
  return labelOffsets.some((at) => boot.toString("latin1", at, at + configLabel.length) === configLabel);
}

function onPartition(name: string): ConfigMedium | undefined {
  const device = `/dev/${name}`;
  if (!hasConfigLabel(device, 0)) return undefined;
  const size = Number(readFileSync(`/sys/class/block/${name}/size`, "latin1")) * sector;
  return { name: device, device, offset: 0, size };
}

function onCd(name: string): ConfigMedium | undefined {
  const device = `/dev/${name}`;
  const mbr = readAt(device, 0, 2048);
  if (mbr === undefined || mbr.readUInt16LE(510) !== 0xaa55) return undefined;
  const offset = mbr.readUInt32LE(configEntry + 8) * sector;
  const size = mbr.readUInt32LE(configEntry + 12) * sector;
  if (offset === 0 || size === 0 || !hasConfigLabel(device, offset)) return undefined;
  return { name: `CD ${device}`, device, offset, size };
}

function configMedia(): readonly ConfigMedium[] {
  const names = readdirSync("/sys/class/block").sort();
  const disks = names.filter((name) => !/^(loop|ram|zram|fd|sr)\d/.test(name)).map(onPartition);
  const cds = names.filter((name) => /^sr\d/.test(name)).map(onCd);
  return [...disks, ...cds].filter((medium) => medium !== undefined);
}

function readMounted(): ReadResult {
  const path = join(mountPoint, "cluster.yaml");
  if (!existsSync(path)) return { ok: false, error: "there is no file cluster.yaml on it" };
  const { size } = statSync(path);
  if (size > largestClusterFile) {
    return {
      ok: false,
      error: `cluster.yaml is ${size} bytes long; at most ${largestClusterFile} are allowed`,
    };
  }
  return { ok: true, text: readFileSync(path, "utf8") };
}

function readClusterFile(medium: ConfigMedium): ReadResult {
  const undo: (() => void)[] = [];
  try {
    mkdirSync(mountPoint, { recursive: true });
    let source = medium.device;
    if (medium.offset > 0) {
      const loop = attachLoop({
        file: medium.device,
        offset: medium.offset,
        sizeLimit: medium.size,
        readOnly: true,
      });
      undo.push(() => loop.detach());
      source = loop.device;
    }
    mount({ source, target: mountPoint, type: "vfat", flags: ["ro", "nosuid", "nodev", "noexec"] });
    undo.push(() => unmount(mountPoint));
    return readMounted();
  } catch (error) {
    return { ok: false, error: words(error) };
  } finally {
    for (const step of undo.reverse()) step();
  }
}

function modaliases(): readonly string[] {
  const found: string[] = [];
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (entry.isDirectory()) visit(join(directory, entry.name));
      else if (entry.name === "modalias")
        found.push(readFileSync(join(directory, entry.name), "latin1").trim());
    }
  };
  visit("/sys/devices");
  return found.filter((modalias) => modalias !== "");
}

/** Loading finds no hardware (ENODEV) or is done already (EEXIST): both are an answer, not a failure. */
function load(path: string): Outcome {
  const outcome = outcomeOf(() => void loadModule(path));
  return !outcome.ok && /\b(ENODEV|EEXIST)\b/.test(outcome.error) ? { ok: true } : outcome;
}

function handOver(clusterFile: string): Outcome {
  return outcomeOf(() => {
    writeFileSync(`${handOverPath}.new`, clusterFile, { mode: 0o600 });
    renameSync(`${handOverPath}.new`, handOverPath);
  });
}

export const linuxBox: Box = {
  modaliases,
  loadModule: load,
  hasWatchdog: () => existsSync("/dev/watchdog"),
  configMedia,
  readClusterFile,
  setHostName: (name) => outcomeOf(() => setHostName(name)),
  setSysctl: (name, value) => outcomeOf(() => writeFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, value)),
  handOver,
};
