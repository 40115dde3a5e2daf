// `npm run check`: format and lint (Biome, clang-format), types and layers (tsc project references).
// Runs everything and reports all that is wrong, not the first.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { $, type ProcessPromise } from "zx";

$.verbose = false;
$.nothrow = true;

const native = readdirSync("native", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(c|h|cc)$/.test(name) && !name.startsWith("build/") && !name.includes("/build/"))
  .map((name) => join("native", name));

const checks: readonly { readonly title: string; readonly run: () => ProcessPromise }[] = [
  {
    title: "format and lint (Biome)",
    run: () => $`node_modules/@biomejs/cli-linux-x64/biome ci --colors=off .`,
  },
  { title: "format of C and C++ (clang-format)", run: () => $`clang-format --dry-run -Werror ${native}` },
  { title: "types and layers (tsc)", run: () => $`node_modules/.bin/tsc -b --pretty false` },
];

let failed = 0;
for (const { title, run } of checks) {
  const result = await run();
  console.log(`${result.exitCode === 0 ? "ok    " : "FAILED"} ${title}`);
  if (result.exitCode === 0) continue;
  failed += 1;
  console.log(result.stdall);
}
process.exitCode = failed === 0 ? 0 : 1;
