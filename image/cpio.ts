// Writes the "newc" cpio archive that the kernel unpacks as its root (Documentation/driver-api/early-userspace/
// buffer-format.rst, init/initramfs.c). Written here rather than by cpio(1), because an archive may then hold device
// nodes without anyone being root, and its bytes depend on the entries alone: owner 0:0, one date, sorted paths.

/** One entry; paths are relative, without a leading slash. Modes are the permission bits only. */
export type CpioEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | {
      readonly kind: "character device";
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

export const directory = (path: string, mode: number): CpioEntry => ({ kind: "directory", path, mode });

/** The folders that these paths lie in, each once. */
export function parents(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => {
    const names = path.split("/").slice(0, -1);
    return names.map((_, index) => names.slice(0, index + 1).join("/"));
  });
  return [...new Set(all)];
}

const S_IFCHR = 0o020000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

/**
 * The archive, entries sorted by path so that folders come before what is in them.
 * @param mtime seconds since 1970, for every entry
 * @throws Error when a path occurs twice, or is absolute
 */
export function writeCpio(entries: readonly CpioEntry[], mtime: number): Buffer {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const parts: Uint8Array[] = [];
  let previous: string | undefined;
  for (const [index, entry] of sorted.entries()) {
    if (entry.path === previous) throw new Error(`cpio: ${entry.path} occurs twice`);
    if (!/^[^/]/.test(entry.path)) throw new Error(`cpio: "${entry.path}" is not a relative path`);
    previous = entry.path;
    parts.push(...member(entry.path, fields(entry), index + 1, mtime));
  }
  parts.push(...member("TRAILER!!!", { mode: 0, links: 1, data: new Uint8Array(), device: [0, 0] }, 0, 0));
  return Buffer.concat(parts);
}

interface Fields {
  readonly mode: number;
  readonly links: number;
  readonly data: Uint8Array;
  readonly device: readonly [major: number, minor: number];
}

function fields(entry: CpioEntry): Fields {
  const none = { links: 1, data: new Uint8Array(), device: [0, 0] } as const;
  switch (entry.kind) {
    case "directory":
      return { ...none, mode: S_IFDIR | entry.mode, links: 2 };
    case "file":
      return { ...none, mode: S_IFREG | entry.mode, data: entry.data };
    case "symlink":
      return { ...none, mode: S_IFLNK | 0o777, data: Buffer.from(entry.target) };
    case "character device":
      return { ...none, mode: S_IFCHR | entry.mode, device: [entry.major, entry.minor] };
  }
}

/** Header, name and data, the latter two padded to four bytes. The check field is 0 in this format. */
function member(
  path: string,
  { mode, links, data, device }: Fields,
  inode: number,
  mtime: number,
): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const numbers = [inode, mode, 0, 0, links, mtime, data.length, 0, 0, ...device, name.length, 0];
  const header = `070701${numbers.map((number) => number.toString(16).toUpperCase().padStart(8, "0")).join("")}`;
  return [Buffer.from(header), name, padding(header.length + name.length), data, padding(data.length)];
}

const padding = (length: number) => new Uint8Array((4 - (length % 4)) % 4);
