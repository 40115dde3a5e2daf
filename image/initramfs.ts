// The root of a running box: an initramfs, unpacked into RAM by the kernel before it starts /init, so that the medium
// may be pulled out afterwards. It is made of archives, one behind the other (the kernel takes any number of them,
// init/initramfs.c): the program, large and rarely changed between builds of one version; what only some cluster files
// need; and the rest. Each is compressed once and kept under the hash of its contents.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CpioEntry, directory, parents, writeCpio } from "./cpio.ts";
import { SOURCE_DATE_EPOCH } from "./epoch.ts";
import type { Board } from "./hwdb/schema.ts";
import type { Kernel } from "./kernel.ts";
import type { ModuleIndex } from "./modules.ts";
import { run } from "./run.ts";
import { inWorkFolder } from "./work-folder.ts";

/** What becomes /init and /usr/bin/pulsebox. */
export interface Program {
  readonly path: string;
  /** File name -> text of the licences of what is inside. */
  readonly licences: ReadonlyMap<string, string>;
}

export interface InitramfsContents {
  readonly program: Program;
  readonly version: string;
  readonly board: Board;
  readonly kernel: Kernel;
  readonly modules: ModuleIndex;
  /** The cluster file's JSON Schema, as text. */
  readonly clusterSchema: string;
  /** What runs beside the program; empty for most cluster files. */
  readonly fencing: readonly CpioEntry[];
}

/**
 * zstd levels. Small is the highest level whose window (8 MiB) the kernel's decompressor accepts; fast takes a fifteenth
 * of its time and makes the image about 5 MB larger. The number of threads does not change the result.
 */
const levels = { small: "-19", fast: "-9" };
export type Packing = keyof typeof levels;

/** The compressed initramfs; `cache` keeps its parts between builds. */
export async function makeInitramfs(
  contents: InitramfsContents,
  packing: Packing,
  cache: string,
  note: (text: string) => void,
): Promise<Buffer> {
  const init: CpioEntry = {
    kind: "file",
    path: "init",
    mode: 0o755,
    data: await readFile(contents.program.path),
  };
  const parts = [await systemEntries(contents), [init], contents.fencing].filter((part) => part.length > 0);
  const packed = [];
  for (const entries of parts)
    packed.push(await compressed(writeCpio(entries, SOURCE_DATE_EPOCH), packing, cache));
  if (packed.every(({ cached }) => cached)) note("cached");
  return Buffer.concat(packed.map(({ bytes }) => bytes));
}

/** Everything but the program, with the folders that the launcher mounts on. */
export async function systemEntries(contents: InitramfsContents): Promise<CpioEntry[]> {
  const files = new Map<string, string | Uint8Array>([
    ["etc/group", group],
    ["etc/hosts", hosts],
    ["etc/nsswitch.conf", nsswitch],
    ["etc/passwd", passwd],
    ["etc/pulsebox/cluster.schema.json", contents.clusterSchema],
    ["etc/pulsebox/modules.json", `${JSON.stringify(contents.modules, null, 1)}\n`],
    ["etc/pulsebox/profile.json", `${JSON.stringify(contents.board, null, 1)}\n`],
    ["etc/pulsebox/version", `${contents.version}\n`],
  ]);
  files.set("usr/share/licences/linux.txt", await readFile(contents.kernel.copyright));
  for (const [name, text] of contents.program.licences) files.set(`usr/share/licences/${name}`, text);
  for (const { path } of Object.values(contents.modules.modules)) {
    const within = path.slice(`/lib/modules/${contents.kernel.release}/`.length);
    files.set(path.slice(1), await readFile(join(contents.kernel.modules, within)));
  }
  const mounts = ["dev", "proc", "run", "sys", "mnt"].map((path) => directory(path, 0o755));
  return [
    ...mounts,
    directory("tmp", 0o1777),
    directory("root", 0o700),
    { kind: "character device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "character device", path: "dev/null", mode: 0o666, major: 1, minor: 3 },
    { kind: "symlink", path: "usr/bin/pulsebox", target: "../../init" },
    ...parents([...files.keys(), "usr/bin/pulsebox"]).map((path) => directory(path, 0o755)),
    ...[...files].map(
      ([path, data]): CpioEntry => ({ kind: "file", path, mode: 0o644, data: Buffer.from(data) }),
    ),
  ];
}

/** passwd(5): `worker` runs what reads bytes from strangers. */
const passwd = `root:x:0:0:root:/root:/usr/bin/pulsebox
worker:x:100:100:service checks and operator interface:/:/nonexistent
nobody:x:65534:65534:nobody:/nonexistent:/nonexistent
`;
const group = `root:x:0:
worker:x:100:
nogroup:x:65534:
`;
const hosts = `127.0.0.1 localhost
::1 localhost ip6-localhost
`;
const nsswitch = `passwd: files
group: files
hosts: files dns
`;

/** Parts kept in the cache: those of the last few builds. */
const keptParts = 9;

async function compressed(
  archive: Buffer,
  packing: Packing,
  cache: string,
): Promise<{ bytes: Buffer; cached: boolean }> {
  await mkdir(cache, { recursive: true });
  const file = join(cache, `${createHash("sha256").update(archive).digest("hex")}.${packing}.cpio.zst`);
  const cached = existsSync(file);
  if (!cached) await inWorkFolder(cache, (work) => compressInto(file, archive, packing, work));
  await utimes(file, new Date(), new Date());
  const bytes = await readFile(file);
  await dropOldParts(cache);
  return { bytes, cached };
}

async function compressInto(file: string, archive: Buffer, packing: Packing, work: string): Promise<void> {
  const plain = join(work, "plain");
  const packed = join(work, "packed");
  await writeFile(plain, archive);
  await run("zstd", ["-q", levels[packing], "-T0", plain, "-o", packed]);
  await rename(packed, file);
}

async function dropOldParts(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => name.endsWith(".cpio.zst"));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(cache, name))).mtimeMs })),
  );
  const old = aged.sort((a, b) => b.used - a.used).slice(keptParts);
  for (const { name } of old) await rm(join(cache, name), { force: true });
}
