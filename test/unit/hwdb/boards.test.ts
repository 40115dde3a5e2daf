// The hardware database: every board is sound, says where its facts come from, and agrees with what the kernel and the
// image can do; and the schema that editors use is the one that the builder uses.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { boardNames, brokenRules, loadBoard } from "../../../image/hwdb/boards.ts";
import { type Board, boardJsonSchema } from "../../../image/hwdb/schema.ts";
import { cpuRefusal, misfit } from "../../../image/profile.ts";

const root = join(import.meta.dirname, "..", "..", "..");

test("hwdb/schema.json is what the definition says (node image/hwdb/json-schema.ts writes it)", () => {
  const written: unknown = JSON.parse(readFileSync(join(root, "hwdb", "schema.json"), "utf8"));
  expect(written).toEqual(JSON.parse(JSON.stringify(boardJsonSchema())));
});

test("the boards are the ones a cluster file may name", () => {
  expect(boardNames()).toEqual([
    "generic-x86_64",
    "netfinity-4500r",
    "netfinity-5500",
    "netfinity-7100",
    "qemu-pc",
    "qemu-q35",
  ]);
});

test.each(boardNames())("%s reads and breaks no rule", (name) => {
  expect(loadBoard(name).name).toBe(name);
});

test("a board that is not there is refused with those that are", () => {
  expect(() => loadBoard("netfinity-9000")).toThrow(
    /no board "netfinity-9000" in hwdb; there are generic-x86_64, .*qemu-q35/,
  );
});

describe("a board", () => {
  const good = loadBoard("qemu-pc");
  const cases: [title: string, change: Partial<Board>, reason: string][] = [
    ["under another name than its file's", { name: "other" }, 'name is "other" but the file is qemu-pc.yaml'],
    [
      "with a fact that has no source",
      { isa: { value: "x86-64", confidence: "high" } },
      "isa names no source",
    ],
    [
      "with a guess that names a source",
      { cpu: { value: "any", confidence: "guess", sources: ["qemu"] } },
      "cpu is a guess but names a source",
    ],
    [
      "with a source that it does not list",
      { nics: [{ chip: "x", driver: "e1000", confidence: "low", sources: ["rumour"] }] },
      'nics[0] names source "rumour", which sources does not list',
    ],
    ["that prefers softdog", { watchdogs: good.watchdogs.toReversed() }, "softdog is not the last watchdog"],
  ];
  test.each(cases)("%s is refused", (_title, change, reason) => {
    expect(brokenRules("qemu-pc", { ...good, ...change })).toEqual([reason]);
  });
});

test.each(["netfinity-4500r", "netfinity-5500", "netfinity-7100"])(
  "%s cannot run the image, and the reason names its processor",
  (name) => {
    expect(cpuRefusal(loadBoard(name))).toMatch(/^netfinity-.* cannot run this image: .* need x86-64$/);
  },
);

test("the reason for the 7100 is the one that users are told", () => {
  expect(cpuRefusal(loadBoard("netfinity-7100"))).toBe(
    "netfinity-7100: its CPU (p6-sse, Pentium III Xeon) cannot run this image: Debian's amd64 kernel and Node need x86-64",
  );
});

test.each(["qemu-pc", "qemu-q35"])("an image for any 64-bit PC serves %s", (name) => {
  expect(misfit(loadBoard("generic-x86_64"), loadBoard(name))).toBeUndefined();
});

test("an image for one QEMU machine does not serve the other, and says which modules are missing", () => {
  expect(misfit(loadBoard("qemu-pc"), loadBoard("qemu-q35"))).toBe(
    "qemu-q35 needs modules that an image for qemu-pc lacks: ahci, e1000e, i2c_i801, iTCO_wdt, lpc_ich",
  );
});
