// Where a node keeps what must outlive its process, and what `pulsebox why` reads there when the daemon is dead.

import { accessSync, constants } from "node:fs";
import { isBox } from "./adapters/box-process.ts";
import { readJournal } from "./adapters/file-journal.ts";
import type { StoredDecisions } from "./console/why.ts";

/** A box runs from memory; elsewhere it is the place that the Filesystem Hierarchy Standard has for it. */
export function stateDirectory(box: boolean): string {
  return box ? "/run/pulsebox/state" : "/var/lib/pulsebox";
}

export const storedDecisions: StoredDecisions = (named, count) => {
  const directory = named ?? stateDirectory(isBox());
  accessSync(directory, constants.R_OK | constants.X_OK);
  return { directory, decisions: readJournal(directory, count) };
};
