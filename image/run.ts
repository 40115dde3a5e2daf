// Runs the tools that make the image. Everything that could make two builds differ is taken out of their environment:
// locale, time zone, clock (SOURCE_DATE_EPOCH, reproducible-builds.org) and the user's mtools configuration (mtools(1)).
// /usr/sbin is searched too, because an ordinary Debian user does not have it in PATH.

import { spawn } from "node:child_process";
import { SOURCE_DATE_EPOCH } from "./epoch.ts";

/** Something outside the builder is not as it must be; the message says what, and what would help. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

const packageOf: Record<string, string> = {
  "apt-cache": "apt",
  "apt-get": "apt",
  depmod: "kmod",
  dpkg: "dpkg",
  "dpkg-query": "dpkg",
  "grub-mkimage": "grub-common",
  mcopy: "mtools",
  mdel: "mtools",
  mdir: "mtools",
  mmd: "mtools",
  "mkfs.fat": "dosfstools",
  xorriso: "xorriso",
  zstd: "zstd",
};

/**
 * Runs one tool and returns what it wrote to standard output.
 * @throws ImageError with the command line, how it ended and what it wrote to standard error
 */
export function run(command: string, args: readonly string[], cwd?: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => reject(new ImageError(notStarted(command, error))));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out));
      const ended = signal === null ? `exit status ${code}` : signal;
      const said = Buffer.concat(err).toString().trim();
      reject(new ImageError(`${command} ${args.join(" ")}: ${ended}${said === "" ? "" : `\n${said}`}`));
    });
  });
}

function notStarted(command: string, error: NodeJS.ErrnoException): string {
  if (error.code !== "ENOENT") return `${command}: ${error.code ?? error.message}`;
  const name = packageOf[command];
  return `${command} is not installed${name === undefined ? "" : `: apt-get install ${name}`}`;
}

function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([key]) => !/^(MTOOLS|LC_|LANG|GRUB_)/.test(key));
  return {
    ...Object.fromEntries(inherited),
    PATH: `${process.env.PATH ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`,
    LC_ALL: "C",
    TZ: "UTC",
    MTOOLSRC: "/dev/null",
    SOURCE_DATE_EPOCH: String(SOURCE_DATE_EPOCH),
  };
}
