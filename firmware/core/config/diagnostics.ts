// What is wrong with a cluster file, as values with a place in it. Nothing here prints or throws: the checks report
// into one collection, which turns offsets into lines and columns and keeps the list in the order of the file.

import { LineCounter } from "yaml";

export type DiagnosticSeverity = "error" | "warning";

export interface Diagnostic {
  readonly severity: DiagnosticSeverity;
  /** As the caller named it. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units, as editors count. */
  readonly column: number;
  /** One past the last column of the place on the same line; at least `column`. */
  readonly endColumn: number;
  readonly message: string;
  /** The word that was probably meant. */
  readonly suggestion?: string;
}

/** A piece of the text: offsets in UTF-16 code units, `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Problems {
  error(span: Span, message: string, suggestion?: string): void;
  warning(span: Span, message: string, suggestion?: string): void;
  /** The line of an offset, counted from 1. */
  line(offset: number): number;
  /** Sorted by place. */
  list(): readonly Diagnostic[];
}

/** A file with more problems than this is not a cluster file with mistakes, it is another file. */
export const mostProblems = 100;

export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column;
}

export function collectProblems(text: string, file: string): Problems {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  const found = new Map<string, Diagnostic>();

  const endOfLine = (line: number): number => {
    const next = lines.lineStarts[line];
    const end = next === undefined ? text.length : next - 1;
    return text[end - 1] === "\r" ? end - 1 : end;
  };

  const report = (severity: DiagnosticSeverity, span: Span, message: string, suggestion?: string): void => {
    const start = Math.min(span.start, text.length);
    const { line, col: column } = lines.linePos(start);
    const width = Math.max(Math.min(span.end, endOfLine(line)) - start, 0);
    const place = { severity, file, line, column, endColumn: column + width, message };
    found.set(`${line}:${column}:${message}`, suggestion === undefined ? place : { ...place, suggestion });
  };

  return {
    error: (span, message, suggestion) => report("error", span, message, suggestion),
    warning: (span, message, suggestion) => report("warning", span, message, suggestion),
    line: (offset) => lines.linePos(Math.min(offset, text.length)).line,
    list: () => limited([...found.values()].sort(byPlace)),
  };
}

/** Errors are kept before warnings when there are too many. */
function limited(sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  if (sorted.length <= mostProblems) return sorted;
  const errors = sorted.filter((one) => one.severity === "error");
  const warnings = sorted.filter((one) => one.severity === "warning");
  const kept = [...errors, ...warnings].slice(0, mostProblems).sort(byPlace);
  const last = kept[kept.length - 1];
  if (last === undefined) return kept;
  const message = `${sorted.length - mostProblems} more problems are not listed`;
  return [...kept, { ...last, severity: errors.length > 0 ? "error" : "warning", message }];
}
