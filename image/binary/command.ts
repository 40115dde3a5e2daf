// Runs a tool of the build and, when it fails, says which one, how, and what it printed.

import { execFile } from "node:child_process";

/** Standard output of the tool. Throws an Error with the command line and everything it printed when it fails. */
export function command(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { ...options, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${file} ${args.join(" ")}: ${failure(error)}\n${stdout}${stderr}`.trimEnd()));
    });
  });
}

function failure(error: { code?: number | string | null; signal?: NodeJS.Signals | null }): string {
  if (error.code === "ENOENT") return "is not installed (ENOENT)";
  if (error.signal) return `died of ${error.signal}`;
  return `exit code ${error.code}`;
}
