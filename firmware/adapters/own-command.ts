// How this program calls itself for another process of its own: the one binary, or Node with the source tree's main.ts.

import { isSea } from "node:sea";

/** The words of `pulsebox <command>`. */
export function ownCommand(command: string): readonly string[] {
  if (isSea()) return [process.execPath, command];
  const [node = process.execPath, main = ""] = process.argv;
  return [node, ...process.execArgv, main, command];
}
