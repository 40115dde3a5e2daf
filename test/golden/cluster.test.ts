// Scenarios of the pair as readable files: what was done to it, and every word that the nodes said then. A file that
// differs is written anew with UPDATE_GOLDEN=1; the difference is then read like any other change.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { playScript } from "../support/sim/script.ts";

const FOLDER = new URL("./cluster/", import.meta.url);
const scenarios = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

test.each(scenarios)("%s happens as written", (name) => {
  const file = new URL(name, FOLDER);
  const written = readFileSync(file, "utf8");
  const played = playScript(written);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, played);
  else expect(played).toBe(written);
});
