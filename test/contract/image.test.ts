// The image as other programs see it: xorriso, mtools, zstd and cpio read back what the builder says it made; building
// again elsewhere, as somebody else, gives the same bytes; what must not be built leaves nothing behind.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BuiltImage } from "../../image/build.ts";
import type { ModuleIndex } from "../../image/modules.ts";
import {
  buildStandIn,
  changedCluster,
  exampleCluster,
  standInProgram,
  standInVersion,
  unpackInitramfs,
} from "./image-stand-in.ts";

const folder = mkdtempSync(join(tmpdir(), "pulsebox-image-"));
const nobody = 65_534;
let image: BuiltImage;
let configArea: string;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  image = await buildStandIn(join(folder, "first"));
  const offset = readFileSync(image.path).readUInt32LE(446 + 2 * 16 + 8) * 512;
  configArea = `${image.path}@@${offset}`;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const xorriso = (...args: string[]) =>
  execFileSync("xorriso", ["-indev", image.path, ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  }).toString();

test("its name, size and hash are those of the file", () => {
  const bytes = readFileSync(image.path);
  const hash = execFileSync("sha256sum", [image.path]).toString().split(" ")[0];
  expect(image).toMatchObject({
    path: join(folder, "first", "out", `pulsebox-${standInVersion}-generic-x86_64.iso`),
    size: bytes.length,
    sha256: hash,
    profile: "generic-x86_64",
  });
});

test("a CD boots it under BIOS and UEFI", () => {
  const boot = xorriso("-report_el_torito", "plain");
  expect(boot).toMatch(/El Torito boot img : +1 +BIOS +y +none/);
  expect(boot).toMatch(/El Torito boot img : +2 +UEFI +y +none/);
  expect(boot).toContain("/boot/grub/bios.img");
});

test("a disk boots it: GRUB's boot record, an EFI system partition, the config area as FAT partition 3", () => {
  const area = xorriso("-report_system_area", "plain");
  expect(area).toContain("MBR grub2-mbr");
  expect(area).toMatch(/MBR partition +: +1 +0x80 +0xcd +64 /);
  expect(area).toMatch(/MBR partition +: +2 +0x00 +0xef /);
  expect(area).toMatch(/MBR partition +: +3 +0x00 +0x0c +[0-9]+ +2048/);
});

test("it holds kernel, initramfs, loader, its configuration and its own identity, readable by all and dated alike", () => {
  const listing = xorriso("-lsl", "/boot", "--", "-lsl", "/boot/grub", "--", "-lsl", "/licences");
  const files = listing.split("\n").filter((line) => line.startsWith("-"));
  expect(files.map((line) => line.split("'")[1]?.replace(/^[0-9a-f]{16}\.id$/, "ID")).sort()).toEqual([
    "ID",
    "bios.img",
    "grub.cfg",
    "grub.txt",
    "initrd.img",
    "vmlinuz",
  ]);
  expect(files.filter((line) => !/^-r--r--r-- +1 0 +0 +[0-9]+ Jan +1 +2026/.test(line))).toEqual([]);
});

test("the config area holds the cluster file, its schema and a page for whoever finds the stick", () => {
  expect(execFileSync("mlabel", ["-s", "-i", configArea, "::"]).toString()).toContain(
    "Volume label is CONFIG",
  );
  const read = (name: string) => execFileSync("mtype", ["-i", configArea, `::${name}`]);
  expect(read("cluster.yaml").equals(readFileSync(exampleCluster))).toBe(true);
  expect(JSON.parse(read("cluster.schema.json").toString())).toHaveProperty("properties.nodes");
  expect(read("README.TXT").toString()).toMatch(/^pulsebox 0\.0\.1-test: config area\r\n/);
});

test("the initramfs holds the program as /init, every module of its index, and what the box must know", () => {
  const unpacked = join(folder, "unpacked");
  unpackInitramfs(image.path, unpacked);
  const inside = (path: string) => join(unpacked, path);
  expect(readFileSync(inside("init"), "utf8")).toBe(standInProgram);
  expect(statSync(inside("init")).mode & 0o777).toBe(0o755);
  expect(readFileSync(inside("usr/bin/pulsebox"), "utf8")).toBe(standInProgram);
  expect(readFileSync(inside("etc/pulsebox/version"), "utf8")).toBe(`${standInVersion}\n`);
  expect(readFileSync(inside("etc/passwd"), "utf8")).toMatch(/^root:.*\nworker:x:100:100:/);
  expect(JSON.parse(readFileSync(inside("etc/pulsebox/profile.json"), "utf8"))).toMatchObject({
    name: "generic-x86_64",
  });
  const index: ModuleIndex = JSON.parse(readFileSync(inside("etc/pulsebox/modules.json"), "utf8"));
  const paths = Object.values(index.modules).map(({ path }) => path);
  expect(paths.length).toBeGreaterThan(80);
  expect(paths.filter((path) => !existsSync(inside(path)))).toEqual([]);
  for (const path of ["dev", "proc", "sys", "run", "tmp", "usr/share/licences/linux.txt"]) {
    expect(existsSync(inside(path)), path).toBe(true);
  }
});

test("another folder, umask, time zone, locale and user give the same bytes", () => {
  const elsewhere = join(folder, "another folder");
  mkdirSync(elsewhere);
  // A user namespace in which root is nobody: it still reaches a checkout that only root may enter.
  const other =
    process.getuid?.() === 0 ? ["unshare", "--user", `--map-user=${nobody}`, `--map-group=${nobody}`] : [];
  const script = join(import.meta.dirname, "image-stand-in.ts");
  const build = ["-c", 'umask 077; exec "$@"', "sh", ...other, process.execPath, script, elsewhere];
  const env = { PATH: process.env.PATH, TZ: "Asia/Tokyo", LC_ALL: "C.UTF-8", HOME: elsewhere };
  expect(execFileSync("sh", build, { env, cwd: "/" }).toString().trim()).toBe(image.sha256);
});

describe("builds nothing", () => {
  async function refusal(name: string, request: { config?: string; profile?: string }): Promise<string> {
    const place = join(folder, name);
    const message = await buildStandIn(place, request).then(
      () => "it was built",
      (error: Error) => error.message,
    );
    expect(existsSync(join(place, "out"))).toBe(false);
    expect(existsSync(join(place, "program"))).toBe(false);
    expect(readdirSync(join(place, "cache"))).toEqual([]);
    return message;
  }

  test("from a cluster file with mistakes, and shows all of them", async () => {
    const config = changedCluster(join(folder, "mistakes.yaml"), (text) =>
      text.replace("keepalive:", "keepalife:").replace("udpport: 694", "udpport: 70000"),
    );
    const message = await refusal("mistakes", { config });
    expect(message).toMatch(
      /mistakes\.yaml:[0-9]+:3: error: unknown key "keepalife".*did you mean "keepalive"\?/,
    );
    expect(message).toMatch(/mistakes\.yaml:[0-9]+:12: error: .*70000/);
  });

  test("for a board whose processor cannot run it", async () => {
    expect(await refusal("board", { profile: "netfinity-7100" })).toBe(
      "netfinity-7100: its CPU (p6-sse, Pentium III Xeon) cannot run this image: " +
        "Debian's amd64 kernel and Node need x86-64",
    );
  });

  test("for a board that there is not, and names those that there are", async () => {
    expect(await refusal("unknown", { profile: "ps/2" })).toMatch(
      /^no profile "ps\/2"; there are generic-x86_64, /,
    );
  });

  test("when a node names a board whose processor cannot run it, and points at the place", async () => {
    const config = changedCluster(join(folder, "old.yaml"), (text) =>
      text.replace("  director2:\n", "  director2:\n    profile: netfinity-4500r\n"),
    );
    const message = await refusal("old", { config });
    expect(message).toMatch(
      /old\.yaml:[0-9]+:14: error: netfinity-4500r: its CPU \(p6-sse, Pentium III\) cannot run/,
    );
    expect(message).toContain("\n      profile: netfinity-4500r\n               ^~~~~~~~~~~~~~~\n");
  });

  test("from a cluster file that is not there", async () => {
    expect(await refusal("absent", { config: "absent.yaml" })).toBe(
      "absent.yaml: cannot read the cluster file: ENOENT",
    );
  });
});

test("the profile that all nodes name is built for", async () => {
  const config = changedCluster(join(folder, "pc.yaml"), (text) =>
    text.replaceAll(/^( +)identity:/gm, "$1profile: qemu-pc\n$1identity:"),
  );
  const built = await buildStandIn(join(folder, "pc"), { config });
  expect(built).toMatchObject({ profile: "qemu-pc" });
});
