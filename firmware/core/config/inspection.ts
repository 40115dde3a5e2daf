// What the rules see of a cluster file: the values that are well formed, and ways to point at any of them by path.
// Values that were refused are already taken out, so a rule that reasons from absence must ask whether that part of
// the file is intact, or it would report the consequences of another mistake.

import type { Places } from "./places.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";

/** What the caller knows beyond the file. */
export interface Knowledge {
  /** Names of the boards that have a profile. */
  readonly boards?: readonly string[];
}

export interface Inspection extends Places {
  readonly file: Remainder;
  readonly knowledge: Knowledge;
  error(path: Path, message: string, suggestion?: string): void;
  warning(path: Path, message: string, suggestion?: string): void;
  /** "line 14": for a mention of the other place. */
  line(path: Path): string;
  /** True when nothing was taken out at or below `path`, nor the part that holds it. */
  intact(...path: Path): boolean;
  /** True when no key of the mapping at `path` was taken out; the values may have been damaged further down. */
  complete(...path: Path): boolean;
}

export type Rule = (inspection: Inspection) => void;

/** Calls `twice` for each value that was seen before, with the place of the first. */
export function findRepeats(
  values: Iterable<readonly [value: string, path: Path]>,
  twice: (value: string, path: Path, first: Path) => void,
): void {
  const seen = new Map<string, Path>();
  for (const [value, path] of values) {
    const first = seen.get(value);
    if (first === undefined) seen.set(value, path);
    else twice(value, path, first);
  }
}
