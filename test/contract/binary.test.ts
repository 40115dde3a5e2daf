// The one file as the builder makes it: static, alone in an empty root, itself again as a child, with its addons, with
// stack traces in the words of the source, equal when built again, refused when damaged. It holds binary-entry.ts.

import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { licencesAsset } from "../../image/binary/bundle.ts";
import { buildTestBinary } from "../support/binary-build.ts";
import { readIndex } from "../support/binary-damage.ts";

const buildTime = 240_000;
const folder = mkdtempSync(join(tmpdir(), "pulsebox-binary-"));
const binary = join(folder, "pulsebox");
let built: Awaited<ReturnType<typeof buildTestBinary>>;

beforeAll(async () => {
  built = await buildTestBinary(binary);
}, buildTime);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the command of binary-entry.ts printed, parsed; nothing may come on standard error, such as Node's warnings. */
function run(args: string[], env: Record<string, string> = {}): unknown {
  const { status, stderr, stdout } = spawnSync(binary, args, { encoding: "utf8", env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

test("is statically linked", () => {
  const kind = execFileSync("file", ["--brief", binary], { encoding: "utf8" });
  expect(kind).toContain("ELF 64-bit LSB executable, x86-64");
  expect(kind).toContain("statically linked");
});

test("knows its version and its own file, and takes text assets and arguments", () => {
  expect(run(["start", "--version"])).toEqual({
    version: "0.0.1-test",
    node: process.version,
    execPath: binary,
    url: `file://${binary}`,
    arguments: ["start", "--version"],
    environment: ["PULSEBOX_ADDONS"],
    preload: null,
    sample: "# Imported as text by binary-entry.ts.\nsample: 1\n",
  });
});

test("takes no options of Node from the environment", () => {
  expect(run(["start"], { NODE_OPTIONS: "--no-such-option" })).toMatchObject({ arguments: ["start"] });
});

test("runs without privileges and environment in an empty read-only root that holds only /proc", () => {
  const script = [
    'mount -t tmpfs none "$0" && mkdir "$0/proc" && touch "$0/pulsebox"',
    'mount --bind "$1" "$0/pulsebox" && mount -t proc proc "$0/proc" && mount -o remount,bind,ro "$0"',
    'exec env -i "$(command -v chroot)" $2 "$0" /pulsebox start',
  ].join(" && ");
  const root = process.getuid?.() === 0;
  const user = root ? "--userspec=65534:65534" : "";
  const place = mkdtempSync(join(folder, "root-"));
  const { status, stderr, stdout } = spawnSync(
    "unshare",
    [...(root ? [] : ["-Ur"]), "-mpf", "--mount-proc", "sh", "-c", script, place, binary, user],
    { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ execPath: "/pulsebox", environment: ["PULSEBOX_ADDONS"] });
});

test("starts itself again as a child that it can talk to", () => {
  expect(run(["spawn"])).toEqual({
    addons: expect.stringMatching(/^arp=\d+,serialport=\d+$/),
    pid: expect.any(Number),
    message: { pid: expect.any(Number), addons: expect.stringMatching(/^arp=\d+,serialport=\d+$/) },
  });
});

test("loads an addon, and the serialport package its own", () => {
  expect(run(["addon", "serialport"])).toContain("open");
  expect(run(["serialport"])).toBe("Error: No such file or directory, cannot open /nonexistent");
});

test("names an addon that it does not have", () => {
  const { status, stderr } = spawnSync(binary, ["addon", "watchdog"], { encoding: "utf8", env: {} });
  expect(stderr).toMatch(
    /addon watchdog: the launcher did not hand it over \(PULSEBOX_ADDONS="arp=\d+,serialport=\d+"\)/,
  );
  expect(status).toBe(1);
});

test("names the Node that an addon was compiled for when it is another", () => {
  const { status, stderr } = spawnSync(binary, ["addon", "arp"], { encoding: "utf8", env: {} });
  expect(stderr).toMatch(
    /addon arp: cannot load \/proc\/self\/fd\/\d+: it was compiled for NODE_MODULE_VERSION 100,/,
  );
  expect(stderr).toContain(`this Node ${process.version} needs ${process.versions.modules}`);
  expect(status).toBe(1);
});

test("shows file and line of the source in stack traces", () => {
  const source = readFileSync(join(import.meta.dirname, "../support/binary-entry.ts"), "utf8").split("\n");
  const line = source.findIndex((text) => text.includes("throw new RangeError")) + 1;
  const [message, frame] = String(run(["stack"])).split("\n");
  expect(message).toBe("RangeError: thrown in the test entry");
  expect(frame).toBe(`    at throwDeep (test/support/binary-entry.ts:${line}:9)`);
});

test("carries the licences of all that is in it, inside and beside it", () => {
  const text = readFileSync(join(folder, licencesAsset), "utf8");
  expect(run(["licences"])).toBe(text.length);
  for (const heading of [
    /^Node\.js and what it contains$/m,
    /^GNU C Library .*: LGPL-2\.1-or-later$/m,
    /^GNU C\+\+ Library .*: GPL-3\.0-or-later WITH GCC-exception-3\.1$/m,
    /^musl .*: MIT$/m,
    /^serialport 13\.\d+\.\d+: MIT$/m,
  ]) {
    expect(text).toMatch(heading);
  }
});

test(
  "has the same bytes when everything is built again from nothing",
  async () => {
    const again = await buildTestBinary(join(folder, "again"), join(folder, "cache"));
    expect(again.sha256).toBe(built.sha256);
    expect(readFileSync(again.path).equals(readFileSync(binary))).toBe(true);
    expect(existsSync(join(folder, "cache", "application"))).toBe(true);
  },
  buildTime,
);

test("is refused when a byte of it was changed", () => {
  const damaged = join(folder, "damaged");
  cpSync(binary, damaged);
  const whole = spawnSync(damaged, ["--verify-payload"], { encoding: "utf8" });
  expect(whole.stdout).toMatch(/^pulsebox: the file is whole \(\d+ bytes compared\)\n$/);
  const invert = (at: bigint, byte: number) => {
    const file = openSync(damaged, "r+");
    writeSync(file, Buffer.of(~byte & 0xff), 0, 1, Number(at));
    closeSync(file);
  };
  const bytes = readFileSync(binary);
  const { entries } = readIndex(bytes);
  for (const [name, args] of [
    ["pulsebox", ["--verify-payload"]],
    ["libc.so.6", ["start"]],
  ] as const) {
    const entry = entries.find((candidate) => candidate.name === name);
    const at = (entry?.offset ?? 0n) + (entry?.size ?? 0n) / 2n;
    invert(at, bytes.readUInt8(Number(at)));
    const { status, stderr } = spawnSync(damaged, [...args], { encoding: "utf8", env: {} });
    expect(stderr).toBe(`pulsebox: payload part "${name}" is damaged: its SHA-256 differs from the index\n`);
    expect(status).toBe(111);
  }
});
