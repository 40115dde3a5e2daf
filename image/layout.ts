// What a finished image tells about itself, read from its first sectors: that it is ours, for which profile it was
// built, and where its config area lies. ISO 9660 (ECMA-119 §8.4, primary volume descriptor in sector 16) and the MBR
// partition table (UEFI 2.10 §5.2.1, table 5.1). `flash` and the builder's own checks read it; init finds the area the same way.

import { configAreaLabel, configAreaSize } from "./config-area.ts";

export interface ImageDescription {
  readonly version: string;
  /** The board's name in hwdb. */
  readonly profile: string;
  /** Whether ipmitool(1) is in it. */
  readonly ipmitool: boolean;
}

export interface ImageLayout extends ImageDescription {
  /** Byte offset of the config area in the image. */
  readonly configOffset: number;
}

export const volumeId = "PULSEBOX";

/** The application identifier of the primary volume descriptor; ECMA-119 §7.4 has no lower-case letters. */
export const describeImage = ({ version, profile, ipmitool }: ImageDescription) =>
  `${volumeId} ${version} ${profile}${ipmitool ? " ipmitool" : ""}`.toUpperCase();

const sector = 512;
const descriptorOffset = 16 * 2048;
/** How many bytes from the start readLayout needs. */
export const headSize = descriptorOffset + 2048;

const partitionTable = 446;
const partitionEntry = 16;
const configPartition = 3;
const typeFat32Lba = 0x0c;

/** The layout, or in words why this is not an image of ours. @param head the first headSize bytes, or all if fewer */
export function readLayout(head: Buffer): ImageLayout | string {
  if (head.length < headSize) return `it has only ${head.length} bytes`;
  if (head.readUInt16LE(sector - 2) !== 0xaa55)
    return "it has no boot record (bytes 510 and 511 are not 55 aa)";
  const descriptor = head.subarray(descriptorOffset);
  if (text(descriptor, 1, 5) !== "CD001") return "it has no ISO 9660 file system";
  const volume = text(descriptor, 40, 32);
  if (volume !== volumeId) return `its volume is named "${volume}", not ${volumeId}`;
  const described = /^pulsebox (\S+) (\S+)( ipmitool)?$/.exec(text(descriptor, 574, 128).toLowerCase());
  const [, version, profile, ipmitool] = described ?? [];
  if (version === undefined || profile === undefined) return "it does not name its version and profile";
  const entry = head.subarray(partitionTable + (configPartition - 1) * partitionEntry);
  const type = entry.readUInt8(4);
  if (type !== typeFat32Lba)
    return `it has no CONFIG partition (partition 3 has type 0x${hex(type)}, not 0x0c)`;
  const size = entry.readUInt32LE(12) * sector;
  if (size !== configAreaSize) return `its CONFIG partition has ${size} bytes, not ${configAreaSize}`;
  return {
    version,
    profile,
    ipmitool: ipmitool !== undefined,
    configOffset: entry.readUInt32LE(8) * sector,
  };
}

/** Why these bytes are not a config area, or undefined when they are. @param area the bytes of the partition */
export function configAreaFault(area: Buffer): string | undefined {
  if (area.length !== configAreaSize) return `it ends ${configAreaSize - area.length} bytes too early`;
  if (area.readUInt16LE(sector - 2) !== 0xaa55) return "its CONFIG partition holds no FAT file system";
  const label = text(area, 43, 11);
  return label === configAreaLabel
    ? undefined
    : `its CONFIG partition is labelled "${label}", not ${configAreaLabel}`;
}

const text = (bytes: Buffer, offset: number, length: number) =>
  bytes.toString("latin1", offset, offset + length).trimEnd();

const hex = (byte: number) => byte.toString(16).padStart(2, "0");
