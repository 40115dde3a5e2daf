// Where a program is that is named without its directory: the first executable file of that name in a list of directories, as
// heartbeat's ResourceManager looks for resource scripts.

import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../core/program.ts";

/** The command with its program's path; an error that says where it was looked for when it is nowhere. */
export function locate({ command, search }: Program): readonly string[] | Error {
  const [name = "", ...args] = command;
  if (search === undefined || name.includes("/")) return command;
  const found = search.map((directory) => join(directory, name)).find(isExecutable);
  if (found !== undefined) return [found, ...args];
  return new Error(`ENOENT: no executable ${name} in ${search.join(" or ")}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // ENOENT, EACCES: then it may be in the next one
  }
}
