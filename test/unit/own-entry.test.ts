// The way from a path to this box's own entry, as far as it is about the file: who may read the key of the cluster.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readOwnEntry } from "../../firmware/own-entry.ts";
import { clusterFile } from "../support/cluster-file.ts";

const folder = mkdtempSync(join(tmpdir(), "pulsebox-entry-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [0o600, ""],
  [0o640, ""],
  [0o644, "everybody may read the key of the cluster in it (mode 644); chmod 600\n"],
])("a cluster file of mode %o is taken, with a word to those who may read it", async (mode, warning) => {
  const path = join(folder, "cluster.yaml");
  writeFileSync(path, clusterFile());
  chmodSync(path, mode);
  let said = "";
  const streams = {
    out: () => {},
    err: (text: string) => {
      said += text;
    },
  };
  const facts = { macs: [], addresses: [], hostName: "elsewhere" };
  expect((await readOwnEntry(path, "director1", facts, streams))?.node.name).toBe("director1");
  expect(said).toBe(warning === "" ? "" : `${path}: warning: ${warning}`);
});
