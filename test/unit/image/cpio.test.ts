// The cpio writer against cpio(1), and against the bytes that the kernel's buffer format prescribes.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type CpioEntry, writeCpio } from "../../../image/cpio.ts";

const entries: CpioEntry[] = [
  { kind: "file", path: "etc/hosts", mode: 0o644, data: Buffer.from("127.0.0.1 localhost\n") },
  { kind: "symlink", path: "usr", target: "etc" },
  { kind: "directory", path: "etc", mode: 0o755 },
  { kind: "character device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
  { kind: "directory", path: "dev", mode: 0o1777 },
];

test("cpio lists kinds, modes, owner, device numbers, sizes and dates as they were given", () => {
  const listing = execFileSync("cpio", ["-itv", "--numeric-uid-gid", "--quiet"], {
    input: writeCpio(entries, 1_767_225_600),
    env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
  });
  const lines = listing.toString().replace(/ +/g, " ").split("\n");
  expect(lines.map((line) => line.replace(/Jan 1 (2026|00:00)/, "DATE"))).toEqual([
    "drwxrwxrwt 2 0 0 0 DATE dev",
    "crw------- 1 0 0 5, 1 DATE dev/console",
    "drwxr-xr-x 2 0 0 0 DATE etc",
    "-rw-r--r-- 1 0 0 20 DATE etc/hosts",
    "lrwxrwxrwx 1 0 0 3 DATE usr -> etc",
    "",
  ]);
});

test("cpio gives back the contents", () => {
  const input = writeCpio(entries, 0);
  expect(execFileSync("cpio", ["-i", "--to-stdout", "--quiet", "etc/hosts"], { input }).toString()).toBe(
    "127.0.0.1 localhost\n",
  );
});

test("one small file is these bytes", () => {
  const archive = writeCpio([{ kind: "file", path: "a", mode: 0o600, data: Buffer.from("xyz") }], 16);
  const header = [
    ...["070701", "00000001", "00008180", "00000000", "00000000", "00000001", "00000010", "00000003"],
    ...["00000000", "00000000", "00000000", "00000000", "00000002", "00000000"],
  ].join("");
  expect(archive.subarray(0, 116).toString("latin1")).toBe(`${header}a\0xyz\0`);
  expect(archive.subarray(116).toString("latin1")).toMatch(/^070701.{104}TRAILER!!!\0+$/);
});

test("the order in which entries are given does not matter", () => {
  expect(writeCpio(entries.toReversed(), 1)).toEqual(writeCpio(entries, 1));
});

test.each([
  ["a path that occurs twice", ["a", "a"], /a occurs twice/],
  ["an absolute path", ["/etc"], /"\/etc" is not a relative path/],
  ["an empty path", [""], /"" is not a relative path/],
])("%s is a mistake of the caller", (_title, paths, message) => {
  const directories = paths.map((path): CpioEntry => ({ kind: "directory", path, mode: 0o755 }));
  expect(() => writeCpio(directories, 0)).toThrow(message);
});
