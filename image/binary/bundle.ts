// Bundles the firmware to one CommonJS script with esbuild, the only form that a single executable application of
// Node takes. White space goes, names stay: stack traces and error classes are read by people, and the names cost
// nothing at run time. The source map is a file of its own (firmware/adapters/source-map.ts reads it).

import { relative, resolve, sep } from "node:path";
import { build } from "esbuild";

/** The script's name in stack traces and the names of the assets: firmware/adapters/source-map.ts uses the same. */
export const bundleName = "pulsebox.cjs";
export const sourceMapAsset = "pulsebox.cjs.map";
export const licencesAsset = "THIRD-PARTY-LICENCES.txt";

/** `packages` are the folders of the npm packages that went in, relative to the root of the source tree, sorted. */
export interface Bundle {
  readonly script: Uint8Array;
  readonly sourceMap: Uint8Array;
  readonly packages: readonly string[];
}

/**
 * Bundles `entry` of the source tree `root`. In the firmware, PULSEBOX_VERSION is `version`, import.meta.url is the
 * URL of the one file, and a .yaml file is imported as its text. Throws esbuild's report of all errors.
 */
export async function bundle(root: string, entry: string, version: string): Promise<Bundle> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [resolve(root, entry)],
    outfile: resolve(root, bundleName),
    write: false,
    metafile: true,
    logLevel: "silent",
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the source line of an uncaught error: one line for the whole bundle would flood a serial console.
    lineLimit: 160,
    charset: "utf8",
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: false,
    loader: { ".yaml": "text" },
    alias: { "node-gyp-build": resolve(root, "native/serialport.ts") },
    banner: { js: 'const pulseboxUrl=require("node:url").pathToFileURL(process.execPath).href;' },
    define: { PULSEBOX_VERSION: JSON.stringify(version), "import.meta.url": "pulseboxUrl" },
  });
  const output = (suffix: string): Uint8Array => {
    const file = result.outputFiles.find(({ path }) => path.endsWith(suffix));
    if (file === undefined) throw new Error(`esbuild wrote no ${suffix} for ${entry}`);
    return file.contents;
  };
  return {
    script: output(bundleName),
    sourceMap: output(sourceMapAsset),
    packages: packageFolders(root, Object.keys(result.metafile.inputs)),
  };
}

/** The package folders that hold these inputs of esbuild's metafile. */
function packageFolders(root: string, inputs: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const input of inputs) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (folder !== undefined) folders.add(relative(root, resolve(root, folder)).split(sep).join("/"));
  }
  return [...folders].sort();
}
