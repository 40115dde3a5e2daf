// `npm run image`: builds dist/pulsebox and the bootable image that carries it; shows each step with its time (listr2:
// live on a terminal, plain lines elsewhere) and ends with what was made and how to boot it.
// `-- --config FILE --profile NAME --out DIR` change the cluster file, the board and the folder; `--fast` packs less tightly.

import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Listr, PRESET_TIMER } from "listr2";
import { buildBinary } from "../image/binary/build.ts";
import { type BuiltImage, buildImage, type Program } from "../image/build.ts";
import { boardNames, loadBoard } from "../image/hwdb/boards.ts";
import { ImageError } from "../image/run.ts";
import type { Step } from "../image/step.ts";
import { buildAddons } from "./native.ts";

const root = resolve(import.meta.dirname, "..");
const exampleConfig = join(root, "image", "example", "cluster.yaml");

const usage = () => `usage: npm run image -- [--config FILE] [--profile NAME] [--out DIR] [--fast]
  --config FILE   the cluster file; without it cluster.yaml here, or else the example
  --profile NAME  the board to build for; without it what the cluster file's nodes name, or generic-x86_64
  --out DIR       where the results go; without it dist
  --fast          pack in seconds instead of a minute; the image is some 5 MB larger
profiles: ${boardNames().join(", ")}`;

/** On a terminal: each step as a listr2 task of its own, so that the next may depend on its result. */
const onTerminal: Step = async (title, work) => {
  let result: { value: Awaited<ReturnType<typeof work>> } | undefined;
  const task = {
    title,
    task: async (_context: unknown, shown: { title: string | undefined }) => {
      const value = await work((text) => {
        shown.title = `${title}: ${text}`;
      });
      result = { value };
    },
  };
  await new Listr([task], { rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false } }).run();
  if (result === undefined) throw new Error(`${title}: ended without a result`);
  return result.value;
};

/** Elsewhere: one line when a step has ended. */
const asLines: Step = async (title, work) => {
  const started = performance.now();
  let noted = "";
  const end = (how: string) =>
    console.log(`${title}: ${how} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  try {
    const value = await work((text) => {
      noted = text;
    });
    end(noted === "" ? "done" : noted);
    return value;
  } catch (error) {
    end("failed");
    throw error;
  }
};

/** What the compilers and packers found wrong is for people to read, without our stack. */
function refuse(error: unknown): never {
  throw new ImageError(error instanceof Error ? error.message : String(error));
}

async function makeProgram(step: Step, version: string, out: string): Promise<Program> {
  await step("Native addons", async (note) => {
    const addons = await buildAddons().catch(refuse);
    const built = addons.filter((addon) => addon.built).length;
    note(built === 0 ? `${addons.length} up to date` : `${built} of ${addons.length} built`);
  });
  return step("Executable", async (note) => {
    const binary = await buildBinary({ root, version, out: join(out, "pulsebox"), step: note }).catch(refuse);
    note(`${megabytes(binary.size)}`);
    const licences = new Map([[basename(binary.licences), await readFile(binary.licences, "utf8")]]);
    return { path: binary.path, licences };
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      profile: { type: "string" },
      out: { type: "string", default: "dist" },
      fast: { type: "boolean", default: false },
    },
  });
  const { version }: { version: string } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const config =
    values.config ?? (existsSync("cluster.yaml") ? "cluster.yaml" : relative(".", exampleConfig));
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  const image = await buildImage(
    {
      version,
      config,
      profile: values.profile,
      program: (step) => makeProgram(step, version, out),
      out,
      packing: values.fast ? "fast" : "small",
      cache: join(root, ".build", "image"),
    },
    process.stdout.isTTY ? onTerminal : asLines,
  );
  if (image.warnings !== "") process.stderr.write(image.warnings);
  console.log(summary(image, config));
}

function summary(image: BuiltImage, config: string): string {
  const path = relative(".", image.path);
  const serial = loadBoard(image.profile).console;
  return `
${path}
  ${megabytes(image.size)}, sha256 ${image.sha256}
  cluster file ${config}, profile ${image.profile}, Debian kernel ${image.kernel.version} (${image.kernel.release})
Boot it, on VGA and on ${serial.device} at ${serial.baud} baud:
  CD     burn the file as an image
  stick  dd if=${path} of=/dev/sdX bs=4M conv=fsync      (/dev/sdX: the stick; it is overwritten)
  QEMU   qemu-system-x86_64 -m 512 -cdrom ${path} -nographic
Put another cluster file into it, or into the stick:
  npm run flash -- cluster.yaml ${path}`;
}

const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

try {
  await main();
} catch (error) {
  const misused =
    error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (misused) console.error(`${error.message}\n${usage()}`);
  else if (error instanceof ImageError) console.error(error.message);
  else throw error;
  process.exitCode = 1;
}
