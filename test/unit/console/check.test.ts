// `pulsebox check` on files: what goes to which stream, in which form, with which exit code. The diagnostics themselves
// have their own golden files.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check, schema } from "../../../firmware/console/check.ts";
import { power } from "../../../firmware/console/power.ts";
import { clusterFile } from "../../support/cluster-file.ts";

let directory: string;
let good: string;
let bad: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "pulsebox-check-"));
  good = join(directory, "good.yaml");
  bad = join(directory, "bad.yaml");
  writeFileSync(good, clusterFile());
  writeFileSync(bad, clusterFile().replace("udpport: 694", "udpport: 70000"));
});

afterAll(() => rmSync(directory, { recursive: true }));

async function run(files: readonly string[], json = false) {
  const said = { out: "", err: "" };
  const streams = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  return { code: await check(files, json, streams), ...said };
}

test("a good file is named with its cluster and nodes", async () => {
  expect(await run([good])).toEqual({
    code: 0,
    out: `${good}: cluster laboratory: director1, director2\n`,
    err: "",
  });
});

test("all files are looked at, and one bad file is enough for 1", async () => {
  const missing = join(directory, "missing.yaml");
  const { code, out, err } = await run([bad, good, missing]);
  expect(code).toBe(1);
  expect(out).toContain(`${good}: cluster laboratory`);
  expect(err).toMatch(/bad\.yaml:\d+:\d+: error: .*70000/);
  expect(err).toContain(`${missing}: error: cannot be read: ENOENT: no such file or directory\n`);
});

test("as JSON everything is on standard output", async () => {
  const { code, out, err } = await run([good, bad], true);
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(JSON.parse(out)).toMatchObject([
    { file: good, ok: true, diagnostics: [] },
    { file: bad, ok: false, diagnostics: [{ severity: "error", file: bad }] },
  ]);
});

test("the schema is JSON Schema 2020-12", async () => {
  let text = "";
  await schema({
    out: (part) => {
      text += part;
    },
    err: () => {},
  });
  expect(JSON.parse(text)).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
});

test("reboot, halt and poweroff are refused where PID 1 is not ours", async () => {
  await expect(power("halt", { isOurs: false, name: "systemd" })).rejects.toThrow(
    "halt is for a box of ours; PID 1 of this machine is systemd: use its own command",
  );
});
