// The hardware database against Debian's real kernel, fetched as the builder fetches it: every module is there, and
// every PCI id that a board names belongs to the driver named with it.

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { boardNames, loadBoard } from "../../image/hwdb/boards.ts";
import { fetchKernel } from "../../image/kernel.ts";
import { chooseModules, type ModuleCatalogue, readCatalogue, wantedModules } from "../../image/modules.ts";

const cache = join(import.meta.dirname, "..", "..", ".build", "image", "kernel");
let catalogue: ModuleCatalogue;

beforeAll(async () => {
  const kernel = await fetchKernel(cache, () => {});
  catalogue = await readCatalogue(kernel.modules, kernel.release);
});

/** The driver's patterns begin "pci:v0000VVVVd0000DDDD"; a star stands for any id. */
function claims(driver: string, pciId: string): boolean {
  const [vendor, device] = pciId.toUpperCase().split(":");
  const heads = [`pci:v0000${vendor}d0000${device}`, `pci:v0000${vendor}d*`];
  return catalogue.aliases.some(
    ([pattern, module]) => module === driver && heads.some((head) => pattern.startsWith(head)),
  );
}

describe.each(boardNames())("%s", (name) => {
  const board = loadBoard(name);

  test("names only modules that the kernel has", () => {
    expect(wantedModules(board).filter((module) => !catalogue.files.has(module))).toEqual([]);
  });

  test("names PCI ids that the driver beside them claims", () => {
    const named = [...board.nics, ...board.storage];
    const pairs = named.flatMap(({ driver, pci }) => (pci ?? []).map((id) => ({ driver, id })));
    // virtio devices are claimed by their bus, virtio_pci.
    const wrong = pairs.filter(
      ({ driver, id }) => !claims(driver.startsWith("virtio_") ? "virtio_pci" : driver, id),
    );
    expect(wrong).toEqual([]);
  });
});

test("IPVS comes with the checksum that libcrc32c would ask modprobe for", () => {
  const { modules } = chooseModules(catalogue, loadBoard("generic-x86_64"));
  const deps = modules.ip_vs?.deps ?? [];
  expect(deps).toContain("crc32c_generic");
  expect(deps.indexOf("crc32c_generic")).toBeLessThan(deps.indexOf("libcrc32c"));
});

test("every module of an image precedes those that need it", () => {
  const { modules } = chooseModules(catalogue, loadBoard("generic-x86_64"));
  for (const [name, { deps }] of Object.entries(modules)) {
    for (const [position, dep] of deps.entries()) {
      const needs = catalogue.files.get(dep)?.needs ?? [];
      expect(
        needs.filter((need) => !deps.slice(0, position).includes(need)),
        `${name}: ${dep}`,
      ).toEqual([]);
    }
  }
});
