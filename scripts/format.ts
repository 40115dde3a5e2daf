// `npm run format`: puts every source file into the house format, in place.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";

const native = readdirSync("native", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(c|h|cc)$/.test(name) && !name.startsWith("build/") && !name.includes("/build/"))
  .map((name) => join("native", name));

$.verbose = true;
await $`node_modules/@biomejs/cli-linux-x64/biome check --write .`;
await $`clang-format -i ${native}`;
