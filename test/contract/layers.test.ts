// The import directions are enforced by the build: each row plants one import against the arrows into a copy of the
// tree and sees the compiler refuse it.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const tsc = join(root, "node_modules/typescript/bin/tsc");
let copy: string;

const compile = (layer: string) =>
  spawnSync(process.execPath, [tsc, "-b", "--pretty", "false", layer], { cwd: copy, encoding: "utf8" });

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "pulsebox-layers-"));
  const tracked = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  for (const name of tracked.toString().split("\0")) {
    if (/^(firmware|native|image|tsconfig)/.test(name))
      cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

const wrong = [
  {
    layer: "firmware/core",
    does: "reads the clock of Node",
    text: 'import { hrtime } from "node:process";\nhrtime();',
  },
  { layer: "firmware/core", does: "uses a global of Node", text: "export const where = process.cwd();" },
  {
    layer: "firmware/core",
    does: "imports a port",
    text: 'import type { Clock } from "../ports/clock.ts";\nexport type C = Clock;',
  },
  {
    layer: "firmware/ports",
    does: "imports an adapter",
    text: 'import { words } from "../adapters/outcome.ts";\nwords(1);',
  },
  {
    layer: "firmware/runtime",
    does: "imports an adapter",
    text: 'import { words } from "../adapters/outcome.ts";\nwords(1);',
  },
  {
    layer: "firmware/init",
    does: "imports an adapter",
    text: 'import { words } from "../adapters/outcome.ts";\nwords(1);',
  },
  {
    layer: "firmware/console",
    does: "imports the runtime's neighbour init",
    text: 'import { aliasPattern } from "../init/modules.ts";\naliasPattern("a");',
  },
  {
    layer: "image",
    does: "imports an adapter",
    text: 'import { words } from "../firmware/adapters/outcome.ts";\nwords(1);',
  },
];

test("the copy compiles as it is", () => {
  expect(compile("firmware").stdout).toBe("");
});

test.each(wrong)("$layer does not compile when it $does", ({ layer, text }) => {
  const planted = join(copy, layer, "planted.ts");
  writeFileSync(planted, `// planted\n${text}\n`);
  try {
    const result = compile(layer);
    expect(result.status).not.toBe(0);
    expect(result.stdout).toContain("planted.ts");
  } finally {
    rmSync(planted);
  }
});

test("the worker, which reads what strangers send, loads neither the deciding core nor a package", async () => {
  const { metafile } = await build({
    entryPoints: ["firmware/worker.ts"],
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    metafile: true,
    platform: "node",
    write: false,
  });
  const loaded = Object.keys(metafile.inputs);
  expect(loaded).toContain("firmware/adapters/probe.ts");
  expect(loaded.filter((path) => /node_modules|^firmware\/(core|runtime|console|init)\//.test(path))).toEqual(
    [],
  );
});
