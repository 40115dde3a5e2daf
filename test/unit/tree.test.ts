// The source tree itself: house rules that a compiler does not know.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
})
  .toString()
  .split("\0")
  .filter((name) => name !== "" && existsSync(join(root, name)));
const sources = files.filter((name) => /\.(ts|c|cc|h)$/.test(name));
const read = (name: string) => readFileSync(join(root, name), "utf8");

test("every source file opens with words about why it exists", () => {
  const silent = sources.filter((name) => !/^(#![^\n]*\n)?(\/\/|\/\*)/.test(read(name)));
  expect(silent).toEqual([]);
});

test("no source file is longer than 500 lines", () => {
  const long = sources.filter((name) => read(name).split("\n").length > 501);
  expect(long).toEqual([]);
});

test("no registry host stands in a lock file", () => {
  expect(read("package-lock.json")).not.toMatch(/"resolved"/);
});

test("no test is switched off without a reason that is printed", () => {
  const switchedOff = /\b(?:it|test|describe)\.(?:skip|todo|only)\(/;
  const off = files.filter(
    (name) => name.startsWith("test/") && name.endsWith(".ts") && switchedOff.test(read(name)),
  );
  expect(off).toEqual([]);
});
