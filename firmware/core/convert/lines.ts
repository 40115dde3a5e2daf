// The lines of heartbeat's own configuration files, each split into words that know their place, so that what cannot be
// converted is shown where it stands.

import type { Diagnostic, DiagnosticSeverity } from "../config/diagnostics.ts";

export interface Word {
  readonly text: string;
  /** Counted from 1. */
  readonly column: number;
}

export interface Line {
  readonly file: string;
  /** Counted from 1. */
  readonly number: number;
  readonly words: readonly Word[];
}

/** Where comments begin: at any "#" (ha.cf, haresources), or only at the beginning of a line (authkeys: a key may hold one). */
export type Comments = "anywhere" | "whole lines";

/** The lines that have words. A backslash at the end joins the next line to its own, as in haresources. */
export function readLines(file: string, text: string, comments: Comments): readonly Line[] {
  const lines: Line[] = [];
  let joined: Line | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const bare = comments === "anywhere" ? raw.replace(/#.*/, "") : raw.replace(/^\s*#.*/, "");
    const goesOn = /\\\s*$/.test(bare);
    const found = [...bare.replace(/\\\s*$/, "").matchAll(/\S+/g)];
    const words = found.map((match) => ({ text: match[0], column: match.index + 1 }));
    const line: Line = {
      file,
      number: joined?.number ?? index + 1,
      words: [...(joined?.words ?? []), ...words],
    };
    joined = goesOn ? line : undefined;
    if (!goesOn && line.words.length > 0) lines.push(line);
  }
  return joined === undefined || joined.words.length === 0 ? lines : [...lines, joined];
}

/** A diagnostic at a word of the line. */
export function about(
  { file, number }: Line,
  { text, column }: Word,
  severity: DiagnosticSeverity,
  message: string,
): Diagnostic {
  return { severity, file, line: number, column, endColumn: column + text.length, message };
}
