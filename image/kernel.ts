// Debian's kernel, taken from its package without installing it: linux-image-amd64 names the current version, apt
// downloads that package into a cache, dpkg unpacks it, depmod (kmod) writes the module indexes which Debian's own
// post-installation script would write. Nothing here needs root; apt checks the archive's signature and the hash.

import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { ImageError, run } from "./run.ts";
import { inWorkFolder } from "./work-folder.ts";

export interface Kernel {
  /** As `uname -r` prints it. */
  readonly release: string;
  /** Debian's package version. */
  readonly version: string;
  /** The bzImage. */
  readonly vmlinuz: string;
  /** The folder that holds modules.dep, modules.alias and kernel/. */
  readonly modules: string;
  /** Debian's copyright file: the kernel's licence. */
  readonly copyright: string;
}

interface KernelPackage {
  readonly name: string;
  readonly version: string;
}

/**
 * The kernel unpacked below `cache`; fetched on the first call, afterwards only looked up.
 * Without apt's package lists the newest kernel that is already in the cache is used.
 * @throws ImageError when there is neither
 */
export async function fetchKernel(cache: string, note: (text: string) => void): Promise<Kernel> {
  await mkdir(cache, { recursive: true });
  const wanted = await currentPackage();
  const found = wanted ?? (await newestCached(cache));
  if (found === undefined) {
    throw new ImageError(
      "apt knows no package linux-image-amd64: run `apt-get update` with network access, or put the kernel's .deb " +
        `into ${cache} (Debian 12, amd64)`,
    );
  }
  const folder = join(cache, `${found.name}_${found.version}`);
  const cached = existsSync(folder);
  if (!cached) await inWorkFolder(cache, (work) => unpack(found, cache, folder, work));
  note(
    `${found.version}${cached ? ", cached" : ""}${wanted === undefined ? ", apt has no package lists" : ""}`,
  );
  return kernelIn(folder, found);
}

async function currentPackage(): Promise<KernelPackage | undefined> {
  const args = ["show", "--no-all-versions", "linux-image-amd64"];
  const shown = await run("apt-cache", args).then(String, () => "");
  const depends = /^Depends:.*?\b(linux-image-[0-9][^ ,]*) \(= ([^)]+)\)/m.exec(shown);
  return depends?.[1] === undefined || depends[2] === undefined
    ? undefined
    : { name: depends[1], version: depends[2] };
}

async function newestCached(cache: string): Promise<KernelPackage | undefined> {
  const names = (await readdir(cache)).map((name) =>
    /^(linux-image-[0-9][^_]*)_([^_]+)(?:_amd64\.deb)?$/.exec(name),
  );
  const packages = names.flatMap((match) =>
    match?.[1] && match[2] ? [{ name: match[1], version: match[2] }] : [],
  );
  return packages.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true })).at(-1);
}

async function unpack(wanted: KernelPackage, cache: string, folder: string, work: string): Promise<void> {
  const deb = `${wanted.name}_${wanted.version.replace(":", "%3a")}_amd64.deb`;
  if (!existsSync(join(cache, deb))) {
    // apt downloads as its own user, who must be able to enter the folder.
    await chmod(work, 0o755);
    await run("apt-get", ["download", `${wanted.name}=${wanted.version}`], work);
    await rename(join(work, deb), join(cache, deb));
  }
  const tree = join(work, "tree");
  await run("dpkg", ["-x", join(cache, deb), tree]);
  await run("depmod", ["-b", tree, releaseOf(wanted)]);
  await rename(tree, folder).catch((error: NodeJS.ErrnoException) => {
    // Another build was first; its tree is the same.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
}

const releaseOf = (kernel: KernelPackage) => kernel.name.slice("linux-image-".length);

function kernelIn(folder: string, found: KernelPackage): Kernel {
  const release = releaseOf(found);
  const kernel = {
    release,
    version: found.version,
    vmlinuz: join(folder, "boot", `vmlinuz-${release}`),
    modules: join(folder, "lib", "modules", release),
    copyright: join(folder, "usr", "share", "doc", found.name, "copyright"),
  };
  for (const path of [kernel.vmlinuz, join(kernel.modules, "modules.dep"), kernel.copyright]) {
    if (!existsSync(path))
      throw new ImageError(`${found.name} ${found.version} is unpacked but ${path} is missing`);
  }
  return kernel;
}
