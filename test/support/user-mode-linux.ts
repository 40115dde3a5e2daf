// A kernel of our own as an ordinary process: User-mode Linux (Documentation/virt/uml/user_mode_linux_howto_v2.rst) boots in two
// seconds on the machine's own files, read-only (hostfs), and runs one TypeScript program as PID 1 under the pinned Node. For
// contracts that need a kernel with modules, a watchdog or a power switch. The program writes lines of JSON; the kernel's other
// words are kept for messages. Debian package user-mode-linux.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const kernel = "/usr/bin/linux.uml";
const modulesRoot = "/usr/lib/uml/modules";

export interface GuestRun {
  /** What the program wrote, in order. */
  readonly lines: readonly Record<string, unknown>[];
  /** All words of the kernel and the program. */
  readonly console: string;
  /** How the guest's process ended: 0 after a power-off. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from start to end. */
  readonly duration: number;
}

/** Why no guest can be started here, in words to be printed as the reason of a skip; undefined if one can. */
export function available(): string | undefined {
  if (!existsSync(kernel)) return `${kernel} is missing (Debian package user-mode-linux)`;
  if (/\s/.test(process.cwd())) return `User-mode Linux takes no path with white space: ${process.cwd()}`;
  return undefined;
}

/** The folder of the guest kernel's modules, /usr/lib/uml/modules/6.1.0. */
export function modulesFolder(): string {
  const [release, ...others] = readdirSync(modulesRoot);
  if (release === undefined || others.length > 0) {
    throw new Error(`${modulesRoot} must hold the modules of one kernel, not ${others.length + 1}`);
  }
  return join(modulesRoot, release);
}

/** Boots, runs `program` (a path from the root of the tree) as PID 1 and waits for the guest's end; kills it after `limit` ms. */
export async function runGuest(program: string, args: readonly string[], limit = 30_000): Promise<GuestRun> {
  const started = performance.now();
  const ownFiles = mkdtempSync(join(tmpdir(), "uml-"));
  const guest = spawn(
    kernel,
    [
      ...["mem=512M", "root=none", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", "noreboot"],
      ...["con=null", "con0=null,fd:1", "ssl=null", `uml_dir=${ownFiles}/`],
      ...[`init=${process.execPath}`, "--", join(process.cwd(), program), ...args],
    ],
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let text = "";
  for (const stream of [guest.stdout, guest.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  // Its threads and user processes are processes of the host: they end as a group.
  const timer = setTimeout(() => process.kill(-(guest.pid ?? 0), "SIGKILL"), limit);
  const [code, signal] = (await once(guest, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  rmSync(ownFiles, { recursive: true });
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lines, console: text, code, signal, duration: performance.now() - started };
}
