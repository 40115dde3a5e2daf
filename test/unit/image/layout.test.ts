// What is taken for an image of ours, and in which words everything else is refused.

import { expect, test } from "vitest";
import { configAreaFault, describeImage, headSize, readLayout } from "../../../image/layout.ts";

const entry = 446 + 2 * 16;

function head(ipmitool = false): Buffer {
  const bytes = Buffer.alloc(headSize);
  bytes.writeUInt16LE(0xaa55, 510);
  bytes.writeUInt8(0x0c, entry + 4);
  bytes.writeUInt32LE(89_332, entry + 8);
  bytes.writeUInt32LE(2048, entry + 12);
  bytes.write("CD001", 32_768 + 1);
  bytes.write("PULSEBOX".padEnd(32), 32_768 + 40);
  const description = { version: "1.2.3-rc.1", profile: "generic-x86_64", ipmitool };
  bytes.write(describeImage(description).padEnd(128), 32_768 + 574);
  return bytes;
}

test.each([false, true])(
  "an image of ours gives its description and the place of its config area: %s",
  (ipmitool) => {
    expect(readLayout(head(ipmitool))).toEqual({
      version: "1.2.3-rc.1",
      profile: "generic-x86_64",
      ipmitool,
      configOffset: 89_332 * 512,
    });
  },
);

const spoil = (change: (bytes: Buffer) => unknown) => {
  const bytes = head();
  change(bytes);
  return bytes;
};

test.each([
  ["a short file", Buffer.alloc(1719), "it has only 1719 bytes"],
  ["no boot record", spoil((b) => b.writeUInt8(0, 510)), /^it has no boot record/],
  ["no ISO 9660 in it", spoil((b) => b.write("CD002", 32_769)), "it has no ISO 9660 file system"],
  [
    "another volume",
    spoil((b) => b.write("Debian 12".padEnd(32), 32_808)),
    'its volume is named "Debian 12", not PULSEBOX',
  ],
  ["no description", spoil((b) => b.fill(32, 33_342, 33_470)), "it does not name its version and profile"],
  [
    "another third partition",
    spoil((b) => b.writeUInt8(0, entry + 4)),
    "it has no CONFIG partition (partition 3 has type 0x00, not 0x0c)",
  ],
  [
    "a third partition of another size",
    spoil((b) => b.writeUInt32LE(1, entry + 12)),
    "its CONFIG partition has 512 bytes, not 1048576",
  ],
])("%s is not an image of ours", (_title, bytes, reason) => {
  expect(readLayout(bytes)).toMatch(reason);
});

test("a config area is known by its size, its signature and its label", () => {
  const area = Buffer.alloc(1024 * 1024);
  expect(configAreaFault(area.subarray(10))).toBe("it ends 10 bytes too early");
  expect(configAreaFault(area)).toBe("its CONFIG partition holds no FAT file system");
  area.writeUInt16LE(0xaa55, 510);
  area.write("NO NAME    ", 43);
  expect(configAreaFault(area)).toBe('its CONFIG partition is labelled "NO NAME", not CONFIG');
  area.write("CONFIG     ", 43);
  expect(configAreaFault(area)).toBeUndefined();
});
