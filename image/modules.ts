// Which kernel modules go into the image, and the index by which init loads them. The indexes of depmod are read:
// modules.dep (path: paths it needs), modules.alias and modules.softdep (modprobe.d(5)). There is no modprobe on the
// box, so what the kernel would ask modprobe for at run time (libcrc32c wants "crc32c") is turned into dependencies here.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Board } from "./hwdb/schema.ts";
import type { Kernel } from "./kernel.ts";
import { ImageError } from "./run.ts";

/** /etc/pulsebox/modules.json of the image. Module names are written as in /proc/modules, with underscores. */
export interface ModuleIndex {
  /** As `uname -r` prints it. */
  readonly kernel: string;
  /** To load on every box before anything is probed, in this order; dependencies included. */
  readonly always: readonly string[];
  /** Every module of the image; `deps` are direct and transitive, in load order. */
  readonly modules: Readonly<Record<string, { readonly path: string; readonly deps: readonly string[] }>>;
  /** [pattern of a modalias in the sense of fnmatch(3), module], of the included modules only. */
  readonly aliases: readonly (readonly [pattern: string, module: string])[];
  /** In order of preference; softdog, if it is there, is last. */
  readonly watchdogs: readonly { readonly module: string }[];
}

/** What reading the config area of any boot medium takes: they have no alias that a device would bring up. */
const mediumFilesystems = ["loop", "isofs", "nls_cp437", "nls_ascii", "vfat"];

/** Buses and disks that a boot medium or a keyboard may hang on, on any board. */
const mediumDevices = [
  ...["sd_mod", "sr_mod", "usb_storage", "uas", "ehci_pci", "uhci_hcd", "ohci_pci", "xhci_pci"],
  ...["usbhid", "hid_generic"],
];

/** The Linux Virtual Server with every scheduler, and what its tunnels and NAT stand on. */
const traffic = [
  ...[
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wrr",
    "ip_vs_lc",
    "ip_vs_wlc",
    "ip_vs_lblc",
    "ip_vs_lblcr",
    "ip_vs_dh",
    "ip_vs_sh",
  ],
  ...["ip_vs_sed", "ip_vs_nq", "ip_vs_fo", "ip_vs_ovf", "ip_vs_mh", "nf_conntrack", "ipip"],
];

const links = ["bonding", "8021q"];

/** USB adapters and devices with a serial port, for `serial: /dev/ttyUSB0` and /dev/ttyACM0. The UARTs are in the kernel. */
const serialPorts = ["ftdi_sio", "pl2303", "cp210x", "ch341", "cdc_acm"];

/** The modules that `board` asks for by name, without their dependencies, sorted. */
export function wantedModules(board: Board): string[] {
  const named = [...board.nics, ...board.storage].map(({ driver }) => driver);
  const more = [...board.watchdogs, ...board.modules].map(({ module }) => module);
  const all = [
    ...mediumFilesystems,
    ...mediumDevices,
    ...traffic,
    ...links,
    ...serialPorts,
    ...named,
    ...more,
  ];
  return [...new Set(all)].sort();
}

/** chooseModules for a kernel on disk. */
export async function modulesFor(
  board: Board,
  kernel: Kernel,
  note: (text: string) => void,
): Promise<ModuleIndex> {
  const index = chooseModules(await readCatalogue(kernel.modules, kernel.release), board);
  note(`${Object.keys(index.modules).length} for ${board.name}`);
  return index;
}

/** What depmod knows about one kernel's modules. */
export interface ModuleCatalogue {
  readonly release: string;
  /** name -> path relative to the modules folder and the names it needs, nearest first as in modules.dep */
  readonly files: ReadonlyMap<string, { readonly path: string; readonly needs: readonly string[] }>;
  readonly aliases: readonly (readonly [pattern: string, module: string])[];
  /** name -> names or aliases to load before it */
  readonly before: ReadonlyMap<string, readonly string[]>;
}

const nameOf = (path: string) => basename(path, ".ko").replaceAll("-", "_");

/** Reads depmod's text files in `folder` (…/lib/modules/<release>). */
export async function readCatalogue(folder: string, release: string): Promise<ModuleCatalogue> {
  const lines = async (file: string) =>
    (await readFile(join(folder, file), "utf8"))
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
  const files = (await lines("modules.dep")).map((line) => {
    const [path = "", needs = ""] = line.split(":");
    return [nameOf(path), { path, needs: needs.split(" ").filter(Boolean).map(nameOf) }] as const;
  });
  const aliases = (await lines("modules.alias")).map((line) => {
    const [, pattern = "", module = ""] = line.split(" ");
    return [pattern, module] as const;
  });
  const before = (await lines("modules.softdep")).flatMap((line) => {
    const [, module = "", ...words] = line.split(" ");
    const pre = words.indexOf("pre:");
    const post = words.indexOf("post:");
    const names = pre === -1 ? [] : words.slice(pre + 1, post > pre ? post : undefined);
    return names.map((name) => [module, name] as const);
  });
  return { release, files: new Map(files), aliases, before: grouped(before) };
}

function grouped(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}

/**
 * The index of the modules that `board` needs, closed under dependencies.
 * @throws ImageError naming every module that this kernel does not have
 */
export function chooseModules(catalogue: ModuleCatalogue, board: Board): ModuleIndex {
  const wanted = wantedModules(board);
  const missing = wanted.filter((name) => !catalogue.files.has(name));
  if (missing.length > 0) {
    throw new ImageError(`${board.name}: kernel ${catalogue.release} has no module ${missing.join(", ")}`);
  }
  const order = new Map(wanted.map((name) => [name, loadOrder(catalogue, name)]));
  const included = [...new Set([...order.values()].flat())].sort();
  const modules = included.map((name) => {
    const path = `/lib/modules/${catalogue.release}/${catalogue.files.get(name)?.path}`;
    return [name, { path, deps: loadOrder(catalogue, name).slice(0, -1) }] as const;
  });
  return {
    kernel: catalogue.release,
    always: [...new Set(mediumFilesystems.flatMap((name) => order.get(name) ?? []))],
    modules: Object.fromEntries(modules),
    aliases: deviceAliases(catalogue, new Set(included)),
    watchdogs: board.watchdogs.map(({ module }) => ({ module })),
  };
}

/** `name` preceded by everything it needs, each after what it needs itself. */
function loadOrder(catalogue: ModuleCatalogue, name: string, seen = new Set<string>()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const soft = (catalogue.before.get(name) ?? []).flatMap((word) => providers(catalogue, word));
  const hard = catalogue.files.get(name)?.needs ?? [];
  return [...[...soft, ...hard.toReversed()].flatMap((need) => loadOrder(catalogue, need, seen)), name];
}

/**
 * The modules behind a word of a soft dependency. Those bound to a processor feature are left out: they refuse to load
 * on processors without it, and a dependency must not fail.
 */
function providers(catalogue: ModuleCatalogue, word: string): string[] {
  const name = word.replaceAll("-", "_");
  if (catalogue.files.has(name)) return [name];
  const behind = catalogue.aliases.filter(([pattern]) => pattern === word).map(([, module]) => module);
  const bound = (module: string) =>
    catalogue.aliases.some(([pattern, other]) => other === module && pattern.startsWith("cpu:"));
  return [...new Set(behind)].filter((module) => !bound(module)).sort();
}

/** Only aliases that can match a modalias in sysfs; those of file systems, ciphers or protocols have no colon. */
function deviceAliases(
  catalogue: ModuleCatalogue,
  included: ReadonlySet<string>,
): (readonly [string, string])[] {
  const aliases = catalogue.aliases.filter(
    ([pattern, module]) => included.has(module) && pattern.includes(":"),
  );
  return aliases.toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
