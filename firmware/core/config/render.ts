// Diagnostics for people, in the manner of clang and esbuild: place and message, the line of the file, and a caret
// under the character that is meant, whatever stands before it (tabs, wide and combining characters).

import { byPlace, type Diagnostic } from "./diagnostics.ts";

const tabStop = 8;
/** Columns of the file's line that are shown. */
const widest = 100;

/** East Asian wide and full-width characters, and emoji (Unicode UAX #11); what is not here takes one column. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
/** Drawn on the character before it. */
const combining = /[\p{Mn}\p{Me}]/u;
/** What a terminal might act on instead of showing it. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

interface Cell {
  readonly text: string;
  readonly columns: number;
  /** Offset in the line, UTF-16 code units. */
  readonly at: number;
}

function cellsOf(line: string): readonly Cell[] {
  const cells: Cell[] = [];
  let column = 0;
  let at = 0;
  for (const character of line) {
    let cell: Cell = { text: character, columns: 1, at };
    if (character === "\t") {
      const columns = tabStop - (column % tabStop);
      cell = { text: " ".repeat(columns), columns, at };
    } else if (at === 0 && character === "\uFEFF") cell = { text: "", columns: 0, at };
    else if (unprintable.test(character)) cell = { text: "\uFFFD", columns: 1, at };
    else if (combining.test(character)) cell = { text: character, columns: 0, at };
    else if (wide.test(character)) cell = { text: character, columns: 2, at };
    cells.push(cell);
    column += cell.columns;
    at += character.length;
  }
  return cells;
}

const columnsOf = (cells: readonly Cell[]): number => cells.reduce((sum, { columns }) => sum + columns, 0);
const textOf = (cells: readonly Cell[]): string => cells.map(({ text }) => text).join("");

/** The longest run of cells from one end that is at most `columns` wide. */
function fitting(cells: readonly Cell[], columns: number, from: "start" | "end"): readonly Cell[] {
  const ordered = from === "start" ? cells : cells.toReversed();
  let sum = 0;
  const cut = ordered.findIndex((cell) => {
    sum += cell.columns;
    return sum > columns;
  });
  const kept = cut < 0 ? ordered : ordered.slice(0, cut);
  return from === "start" ? kept : kept.toReversed();
}

/** The line of the file and the line with the caret; of a long line the part around the caret. */
function excerpt(line: string, start: number, end: number): readonly [string, string] {
  const cells = cellsOf(line);
  const before = cells.filter(({ at }) => at < start);
  const marked = cells.filter(({ at }) => at >= start && at < end);
  const after = cells.filter(({ at }) => at >= start && at >= end);
  const whole = columnsOf(cells) <= widest;
  const left = whole ? before : fitting(before, widest / 2, "end");
  const middle = whole ? marked : fitting(marked, widest - columnsOf(left), "start");
  const cut = middle.length < marked.length;
  const room = widest - columnsOf(left) - columnsOf(middle);
  const right = whole ? after : cut ? [] : fitting(after, room, "start");
  const lead = left.length < before.length ? "…" : "";
  const tail = cut || right.length < after.length ? "…" : "";
  const underline = `^${"~".repeat(Math.max(columnsOf(middle) - 1, 0))}`;
  return [
    `${lead}${textOf(left)}${textOf(middle)}${textOf(right)}${tail}`,
    `${" ".repeat(lead.length + columnsOf(left))}${underline}`,
  ];
}

function lineOf(text: string, line: number): string {
  let start = 0;
  for (let count = 1; count < line; count++) {
    const next = text.indexOf("\n", start);
    if (next < 0) return "";
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
}

const stars = (secret: string): string => "*".repeat(secret.length);

/** A diagnostic is shown on consoles and sent around; the secret of the cluster is not. Every character stays one. */
function withoutSecrets(line: string): string {
  const key = /(\b(?:key|password)["']?[ \t]*:[ \t]*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}#][^,}#]*)/g;
  return line.replace(key, (_, name: string, secret: string) => name + secret.replace(/\\.|[^\s"']/g, stars));
}

/** Three lines without a line feed at the end; `text` is what was checked. */
export function renderDiagnostic(diagnostic: Diagnostic, text: string): string {
  const { file, line, column, endColumn, severity, message, suggestion } = diagnostic;
  const meant = suggestion === undefined ? "" : `; did you mean ${quoted(suggestion)}?`;
  const [shown, caret] = excerpt(withoutSecrets(lineOf(text, line)), column - 1, endColumn - 1);
  const place = `${file}:${line}:${column}: ${severity}: ${message}${meant}`;
  return [place, `  ${shown}`.trimEnd(), `  ${caret}`].join("\n");
}

/** A suggestion may be a text that needs its quotes in the file. */
const quoted = (suggestion: string): string => (suggestion.startsWith('"') ? suggestion : `"${suggestion}"`);

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** All of them in the order of the file, and a last line that counts them; empty when there are none. */
export function renderDiagnostics(list: readonly Diagnostic[], text: string): string {
  if (list.length === 0) return "";
  const errors = list.filter(({ severity }) => severity === "error").length;
  const warnings = list.length - errors;
  const counts = [
    ...(errors > 0 ? [count(errors, "error")] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ];
  const rendered = list.toSorted(byPlace).map((one) => renderDiagnostic(one, text));
  return `${[...rendered, counts.join(", ")].join("\n")}\n`;
}
