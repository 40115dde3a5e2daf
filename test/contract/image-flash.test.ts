// `npm run flash` as a user runs it: a good cluster file arrives, and whatever is wrong is said, with exit status 1 and
// an image that has not changed by a byte.

import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildStandIn, changedCluster, exampleCluster } from "./image-stand-in.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "pulsebox-flash-test-"));
const image = join(folder, "image.iso");
const good = join(folder, "good.yaml");
const scratch = join(folder, "scratch");
let built: string;
let qemuPc: string;
let offset: number;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  mkdirSync(scratch);
  chmodSync(scratch, 0o1777);
  built = (await buildStandIn(join(folder, "build"))).path;
  qemuPc = (await buildStandIn(join(folder, "pc"), { profile: "qemu-pc" })).path;
  offset = readFileSync(built).readUInt32LE(446 + 2 * 16 + 8) * 512;
  changedCluster(good, (text) => text.replace(/deadtime: \d+s/, "deadtime: 4s"));
});
beforeEach(() => {
  rmSync(image, { force: true });
  copyFileSync(built, image);
  chmodSync(image, 0o666);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `through`: a program that runs the command, and its arguments. */
function flash(args: readonly string[], through: readonly string[] = []) {
  const [program = "", ...rest] = [...through, process.execPath, join(root, "scripts", "flash.ts"), ...args];
  const env = { ...process.env, TMPDIR: scratch };
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: "utf8", env });
  expect(readdirSync(scratch)).toEqual([]);
  return { status, stdout, stderr };
}

const area = (path: string) => readFileSync(path).subarray(offset, offset + 1024 * 1024);
const inArea = (name: string) => execFileSync("mtype", ["-i", `${image}@@${offset}`, `::${name}`]);

test("a good cluster file is in the image afterwards, and nothing else has changed", () => {
  const { status, stdout, stderr } = flash([good, image]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(
    /now holds cluster "example" of .*good\.yaml\nwritten and read back in [0-9]+ ms\n$/,
  );
  expect(inArea("cluster.yaml").equals(readFileSync(good))).toBe(true);
  expect(inArea("README.TXT").length).toBeGreaterThan(100);
  const before = readFileSync(built);
  const after = readFileSync(image);
  expect(after.length).toBe(before.length);
  expect(after.subarray(0, offset).equals(before.subarray(0, offset))).toBe(true);
  expect(after.subarray(offset + 1024 * 1024).equals(before.subarray(offset + 1024 * 1024))).toBe(true);
});

test("it can be done again, also back to where it began", () => {
  expect(flash([good, image]).status).toBe(0);
  expect(flash([exampleCluster, image]).status).toBe(0);
  expect(inArea("cluster.yaml").equals(readFileSync(exampleCluster))).toBe(true);
});

test("a file that somebody put beside the cluster file stays there", () => {
  const note = join(folder, "note.txt");
  writeFileSync(note, "rack 7, third from below\n");
  execFileSync("mcopy", ["-i", `${image}@@${offset}`, note, "::NOTE.TXT"]);
  expect(flash([good, image]).status).toBe(0);
  expect(inArea("NOTE.TXT").toString()).toBe("rack 7, third from below\n");
});

test("a cluster file that somebody deleted on the stick is put back", () => {
  execFileSync("mdel", ["-i", `${image}@@${offset}`, "::cluster.yaml"]);
  expect(flash([good, image]).status).toBe(0);
  expect(inArea("cluster.yaml").equals(readFileSync(good))).toBe(true);
});

describe("changes nothing and says why", () => {
  function refused(args: readonly string[], through: readonly string[] = []): string {
    const before = readFileSync(image);
    const { status, stdout, stderr } = flash(args, through);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(readFileSync(image).equals(before)).toBe(true);
    return stderr;
  }
  const write = (name: string, contents: string | Buffer) => {
    writeFileSync(join(folder, name), contents);
    return join(folder, name);
  };

  test("when the cluster file has mistakes", () => {
    const bad = changedCluster(join(folder, "bad.yaml"), (text) => text.replace("media:", "mdia:"));
    expect(refused([bad, image])).toMatch(
      /bad\.yaml:[0-9]+:3: error: unknown key "mdia".*did you mean "media"\?\n {4}mdia:\n {4}\^~~~\n/,
    );
  });

  test("when the cluster file is binary", () => {
    expect(refused([write("binary.yaml", Buffer.from([0xff, 0xfe, 0, 1])), image])).toMatch(
      /binary\.yaml:1:[0-9]: error/,
    );
  });

  test("when a node's board needs modules that the image lacks", () => {
    copyFileSync(qemuPc, image);
    const other = changedCluster(join(folder, "other.yaml"), (text) =>
      text.replace("  director2:\n", "  director2:\n    profile: qemu-q35\n"),
    );
    const message = refused([other, image]);
    expect(message).toMatch(
      /other\.yaml:[0-9]+:14: error: qemu-q35 needs modules that an image for qemu-pc lacks: ahci, /,
    );
  });

  test("when a node's processor cannot run the image", () => {
    const old = changedCluster(join(folder, "old.yaml"), (text) =>
      text.replace("  director2:\n", "  director2:\n    profile: netfinity-5500\n"),
    );
    expect(refused([old, image])).toMatch(
      /old\.yaml:[0-9]+:14: error: netfinity-5500: its CPU .* cannot run this image/,
    );
  });

  test("when the cluster file is larger than any can be", () => {
    const large = changedCluster(join(folder, "large.yaml"), (text) => `${text}${"# x\n".repeat(255_000)}`);
    expect(refused([large, image])).toMatch(/large\.yaml:1:1: error: the file has 102[0-9]{4} characters/);
  });

  test("when other files fill the area", () => {
    const listing = execFileSync("mdir", ["-i", `${image}@@${offset}`, "::"], { encoding: "utf8" });
    const free = Number(/([\d ]+) bytes free/.exec(listing)?.[1]?.replaceAll(" ", ""));
    const filler = write("filler.bin", Buffer.alloc(free - 4_000));
    execFileSync("mcopy", ["-i", `${image}@@${offset}`, filler, "::FILLER.BIN"]);
    const long = changedCluster(join(folder, "long.yaml"), (text) => `${text}${"# x\n".repeat(2000)}`);
    expect(refused([long, image])).toMatch(
      /the cluster file has [0-9]+ bytes; the image's config area has room for [0-9]+\n$/,
    );
  });

  test("when the two are named in the wrong order", () => {
    expect(refused([image, good])).toBe(`${image}: a cluster file's name ends in .yaml\n`);
  });

  test.each([
    ["nothing is named", []],
    ["only one of the two is named", [good]],
    ["too much is named", [good, image, image]],
  ])("when %s", (_title, args) => {
    expect(refused(args)).toMatch(/^usage: npm run flash -- CLUSTER\.yaml IMAGE\n/);
  });

  test("when the image is another file", () => {
    writeFileSync(image, "not an image\n");
    expect(refused([good, image])).toBe(`${image}: not a pulsebox image: it has only 13 bytes\n`);
  });

  test("when the image was cut short", () => {
    writeFileSync(image, readFileSync(built).subarray(0, offset + 1000));
    expect(refused([good, image])).toContain("not a sound pulsebox image: it ends 1047576 bytes too early");
  });

  test("when the config area was overwritten", () => {
    const bytes = readFileSync(built);
    bytes.fill(0, offset, offset + 65_536);
    writeFileSync(image, bytes);
    expect(refused([good, image])).toContain("its CONFIG partition holds no FAT file system");
  });

  test("when the image is not there, and makes none", () => {
    const absent = join(folder, "absent.iso");
    expect(refused([good, absent])).toBe(`${absent}: there is no such image\n`);
    expect(readdirSync(folder)).not.toContain("absent.iso");
  });

  test("when the image is a folder", () => {
    expect(refused([good, folder])).toBe(`${folder}: not a file and not a disk\n`);
  });

  test("when the image is not writable", () => {
    chmodSync(image, 0o444);
    // Root without its capabilities: permissions count for it as for anybody.
    const plain = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
    expect(refused([good, image], plain)).toBe(`${image}: the image is not writable (EACCES)\n`);
  });
});

test("a write that breaks off half way is said, and the image is as it was", () => {
  const flashing = [process.execPath, join(root, "scripts", "flash.ts"), good, image];
  const limit = `--fsize=${offset + 512 * 1024}`;
  const { status, stderr } = spawnSync("prlimit", [limit, "--", ...flashing], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toBe(
    `${image}: writing failed: only 524288 of 1048576 bytes were written; its config area is as it was\n`,
  );
  expect(readFileSync(image).equals(readFileSync(built))).toBe(true);
});

test("after flashing, a check of the area's file system finds nothing wrong", () => {
  expect(flash([good, image]).status).toBe(0);
  const copy = join(folder, "area.fat");
  writeFileSync(copy, area(image));
  expect(
    spawnSync("fsck.fat", ["-n", copy], { env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } }).status,
  ).toBe(0);
});
