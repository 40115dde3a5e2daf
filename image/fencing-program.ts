// Fencing on a box: ipmitool(1) with the loader and the shared libraries it names (ld.so(8)), taken from the machine that
// builds as Debian installed them. It is in an image exactly when the image's cluster file fences by IPMI, because it takes
// 16 MB of a box's RAM. Programs of a site's own are never in an image.

import { readFile } from "node:fs/promises";
import { isMap, isScalar, parseDocument } from "yaml";
import type { ClusterConfig } from "../firmware/core/config/cluster.ts";
import { collectProblems, type Diagnostic, type Span } from "../firmware/core/config/diagnostics.ts";
import { type CpioEntry, directory, parents } from "./cpio.ts";
import { ImageError, run } from "./run.ts";

const program = "/usr/bin/ipmitool";
/** ipmitool names manufacturers by this list of 4.7 MB, complains without it and ends when it is empty. */
const registry = "usr/share/misc/enterprise-numbers.txt";
const shortestRegistry = "0\n  Reserved\n    Internet Assigned Numbers Authority\n      iana&iana.org\n";

export const fencesByIpmi = (cluster: ClusterConfig) =>
  cluster.nodes.some(({ fencing }) => fencing?.kind === "ipmi");

/**
 * ipmitool and all it needs, at the paths where it looks for them, with the licences.
 * @throws ImageError when it, a library of it or a licence is not on this machine
 */
export async function fencingEntries(note: (text: string) => void): Promise<CpioEntry[]> {
  const paths = [program, ...(await sharedLibraries())];
  const programs = await Promise.all(
    paths.map(async (path) => ({ path: path.slice(1), mode: 0o755, data: await read(path) })),
  );
  const size = programs.reduce((sum, { data }) => sum + data.length, 0);
  note(`ipmitool for fencing: ${paths.length} files, ${(size / 1024 / 1024).toFixed(1)} MiB of RAM`);
  const files = [
    ...programs,
    { path: registry, mode: 0o644, data: Buffer.from(shortestRegistry) },
    { path: "usr/share/licences/ipmitool.txt", mode: 0o644, data: Buffer.from(await licences(paths)) },
  ];
  return [
    ...parents(files.map(({ path }) => path)).map((path) => directory(path, 0o755)),
    ...files.map((file): CpioEntry => ({ kind: "file", ...file })),
  ];
}

async function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    const advice = path === program ? ": the cluster file fences by IPMI: apt-get install ipmitool" : "";
    throw new ImageError(`${path}: cannot read it: ${error.code ?? error.message}${advice}`);
  });
}

/**
 * What ldd(1) lists: the loader by its path alone, a library as "name => path". Without the variables by which whoever
 * builds may have other libraries loaded.
 */
async function sharedLibraries(): Promise<string[]> {
  await read(program);
  const listed = String(await run("env", ["-u", "LD_PRELOAD", "-u", "LD_LIBRARY_PATH", "ldd", program]));
  if (listed.includes("not found")) throw new ImageError(`${program} lacks libraries:\n${listed.trimEnd()}`);
  return [...listed.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path ?? "").sort();
}

/** The copyright files of the Debian packages that own the files, and the licences these name (Debian Policy 12.5). */
async function licences(paths: readonly string[]): Promise<string> {
  const owners = [...new Set(await Promise.all(paths.map(owner)))].sort();
  const copyrights = await texts(owners.map((name) => `/usr/share/doc/${name}/copyright`));
  const named = copyrights.matchAll(/\/usr\/share\/common-licenses\/[A-Z][\w-]*(?:\.\d+)?/g);
  return copyrights + (await texts([...new Set([...named].map(([path]) => path))].sort()));
}

async function texts(paths: readonly string[]): Promise<string> {
  const all = await Promise.all(paths.map(async (path) => `==== ${path}\n\n${await read(path)}\n`));
  return all.join("");
}

/** dpkg knows a file by the path in its package, with or without /usr (wiki.debian.org/UsrMerge). */
async function owner(path: string): Promise<string> {
  for (const known of [path, `/usr${path}`]) {
    const found = await run("dpkg-query", ["-S", known]).then(String, () => "");
    const [name] = found.split(":");
    if (name !== undefined && name !== "") return name;
  }
  throw new ImageError(`${path}: no Debian package owns it, so that its licence is not known`);
}

/**
 * Fencing by IPMI that an image without ipmitool cannot do, each as an error at its place in the file.
 * @param text the cluster file that `cluster` was read from
 */
export function ipmiDiagnostics(text: string, file: string, cluster: ClusterConfig): readonly Diagnostic[] {
  const problems = collectProblems(text, file);
  for (const { name, fencing } of cluster.nodes) {
    if (fencing?.kind !== "ipmi") continue;
    problems.error(
      keyAt(text, ["nodes", name, "fencing"], "ipmi"),
      `fencing by IPMI needs ipmitool, which this image lacks: npm run image -- --config ${file}`,
    );
  }
  return problems.list();
}

/** Fencing that works on a node with files of its own, but never on a box, each as a warning. */
export function boxWarnings(text: string, file: string, cluster: ClusterConfig): readonly Diagnostic[] {
  const problems = collectProblems(text, file);
  for (const { name, fencing } of cluster.nodes) {
    const at = ["nodes", name, "fencing"];
    if (fencing?.kind === "command")
      problems.warning(
        keyAt(text, at, "command"),
        `a box has no ${fencing.command[0] ?? "programs"} and cannot fence ${name}; ipmi works on a box`,
      );
    if (fencing?.kind === "ipmi" && fencing.passwordFile !== undefined)
      problems.warning(
        keyAt(text, [...at, "ipmi"], "password_file"),
        `a box has no file ${fencing.passwordFile} and cannot fence ${name}; password works on a box`,
      );
  }
  return problems.list();
}

function keyAt(text: string, path: readonly string[], key: string): Span {
  const map = parseDocument(text).getIn(path, true);
  const pair = isMap(map)
    ? map.items.find((item) => isScalar(item.key) && item.key.value === key)
    : undefined;
  const range = isScalar(pair?.key) ? pair.key.range : undefined;
  return { start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
}
