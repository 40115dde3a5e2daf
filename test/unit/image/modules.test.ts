// The choice of kernel modules, on a catalogue small enough to see through.

import { expect, test } from "vitest";
import { loadBoard } from "../../../image/hwdb/boards.ts";
import { chooseModules, type ModuleCatalogue, wantedModules } from "../../../image/modules.ts";

const board = loadBoard("qemu-pc");

/** Every module that the board wants, without dependencies, and what a case adds. */
function catalogue(more: {
  needs?: Record<string, string[]>;
  before?: Record<string, string[]>;
  aliases?: [string, string][];
}): ModuleCatalogue {
  const needs = more.needs ?? {};
  const names = new Set([...wantedModules(board), ...Object.keys(needs), ...Object.values(needs).flat()]);
  return {
    release: "6.1.0-1-amd64",
    files: new Map(
      [...names].map((name) => [name, { path: `kernel/${name}.ko`, needs: needs[name] ?? [] }] as const),
    ),
    aliases: more.aliases ?? [],
    before: new Map(Object.entries(more.before ?? {})),
  };
}

test("dependencies come before what needs them, each once", () => {
  // modules.dep lists the nearest first: e1000 needs b and a, b needs a.
  const { modules } = chooseModules(catalogue({ needs: { e1000: ["b", "a"], b: ["a"] } }), board);
  expect(modules.e1000).toEqual({ path: "/lib/modules/6.1.0-1-amd64/kernel/e1000.ko", deps: ["a", "b"] });
  expect(modules.b?.deps).toEqual(["a"]);
});

test("a module outside the board's lists and their dependencies stays out", () => {
  const { modules } = chooseModules(catalogue({ needs: { stranger: ["other"] } }), board);
  expect(Object.keys(modules)).toEqual(wantedModules(board));
});

test("a soft dependency becomes a dependency, except on a module that only some processors can load", () => {
  const index = chooseModules(
    catalogue({
      needs: { ip_vs: ["libcrc32c"], crc32c_generic: [], crc32c_intel: [] },
      before: { libcrc32c: ["crc32c"] },
      aliases: [
        ["crc32c", "crc32c_intel"],
        ["cpu:type:x86,*feature:*0094*", "crc32c_intel"],
        ["crc32c", "crc32c_generic"],
      ],
    }),
    board,
  );
  expect(index.modules.ip_vs?.deps).toEqual(["crc32c_generic", "libcrc32c"]);
});

test("modules that need each other do not hang the choice", () => {
  const { modules } = chooseModules(
    catalogue({ before: { uhci_hcd: ["ehci_pci"], ehci_pci: ["uhci_hcd"] } }),
    board,
  );
  expect(modules.uhci_hcd?.deps).toEqual(["ehci_pci"]);
});

test("what reads the config medium is loaded always, dependencies first", () => {
  const { always } = chooseModules(catalogue({ needs: { vfat: ["fat"], isofs: ["cdrom"] } }), board);
  expect(always).toEqual(["loop", "cdrom", "isofs", "nls_cp437", "nls_ascii", "fat", "vfat"]);
});

test("only device aliases of included modules are kept, sorted", () => {
  const { aliases } = chooseModules(
    catalogue({
      aliases: [
        ["pci:v00008086d0000100Esv*sd*bc*sc*i*", "e1000"],
        ["acpi*:XYZ:*", "sr_mod"],
        ["fs-vfat", "vfat"],
        ["pci:v0000FFFFd*sv*sd*bc*sc*i*", "stranger"],
      ],
    }),
    board,
  );
  expect(aliases).toEqual([
    ["acpi*:XYZ:*", "sr_mod"],
    ["pci:v00008086d0000100Esv*sd*bc*sc*i*", "e1000"],
  ]);
});

test("the watchdogs keep the board's order", () => {
  expect(chooseModules(catalogue({}), board).watchdogs).toEqual([
    { module: "i6300esb" },
    { module: "softdog" },
  ]);
});

test("all modules that the kernel lacks are named at once", () => {
  const poor = catalogue({});
  const files = new Map([...poor.files].filter(([name]) => name !== "e1000" && name !== "loop"));
  expect(() => chooseModules({ ...poor, files }, board)).toThrow(
    "qemu-pc: kernel 6.1.0-1-amd64 has no module e1000, loop",
  );
});
