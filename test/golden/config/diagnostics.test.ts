// Every cluster file in ../data/config and the text that people get to see for it. To accept changed texts on purpose, run with
// ACCEPT_GOLDEN=1 and read the difference.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkClusterFile } from "../../../firmware/core/config/cluster-file.ts";
import { renderDiagnostics } from "../../../firmware/core/config/render.ts";

const folder = new URL("../data/config/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length));
const boards = ["generic-x86_64", "netfinity-5500", "qemu-pc"];

test("every expected text belongs to a cluster file", () => {
  const texts = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  if (process.env.ACCEPT_GOLDEN !== "1") expect(texts).toEqual(names.map((name) => `${name}.txt`));
});

test.each(names)("%s", (name) => {
  const bytes = readFileSync(new URL(`${name}.yaml`, folder));
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const checked = checkClusterFile(text, "cluster.yaml", { boards });
  const rendered = renderDiagnostics(checked.diagnostics, text);
  const expected = new URL(`${name}.txt`, folder);
  if (process.env.ACCEPT_GOLDEN === "1") writeFileSync(expected, rendered);
  expect(rendered).toBe(readFileSync(expected, "utf8"));
  expect(checked.config === undefined).toBe(checked.diagnostics.some(({ severity }) => severity === "error"));
});
