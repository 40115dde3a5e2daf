// What no text file may contain, looked for before YAML sees it: the file lies on a FAT partition that any PC can
// edit, so it comes with every mistake of every editor. YAML 1.2 §5.1 names the characters allowed.

import type { Problems } from "./diagnostics.ts";

/** In UTF-16 code units: room for some two thousand real servers, and little enough that no text keeps a box busy. */
export const longestFile = 128 * 1024;

interface Forbidden {
  readonly pattern: RegExp;
  readonly message: string;
}

const forbidden: readonly Forbidden[] = [
  {
    pattern: /\p{Cs}|\uFFFD/u,
    message: "not valid UTF-8 here: save the file as UTF-8",
  },
  {
    pattern: /\r(?!\n)/,
    message: "a carriage return without a line feed: end the lines with LF or CR LF",
  },
  {
    pattern: /(?<!^)\uFEFF/,
    message: "a byte order mark inside the file: only the first character may be one",
  },
  {
    // Tab, LF and CR are the control characters that text may have.
    pattern: /(?![\t\n\r\0])\p{Cc}/u,
    message: "a control character: a cluster file is plain text",
  },
  {
    pattern: /[\u202A-\u202E\u2066-\u2069]/,
    message: "an invisible character that turns the direction of text: what you see is not what is read",
  },
];

/** Reports each kind of mistake once, at its first place; true when the text can be given to the YAML parser. */
export function checkSourceText(text: string, problems: Problems): boolean {
  const start = { start: 0, end: 1 };
  if (text.length > longestFile) {
    problems.error(
      start,
      `the file has ${text.length} characters; a cluster file has at most ${longestFile}`,
    );
    return false;
  }
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    const span = { start: zero, end: zero + 1 };
    problems.error(
      span,
      "a NUL character: the file is binary, damaged, or saved as UTF-16; save it as UTF-8",
    );
    return false;
  }
  let readable = true;
  for (const { pattern, message } of forbidden) {
    const match = pattern.exec(text);
    if (match === null) continue;
    problems.error({ start: match.index, end: match.index + match[0].length }, message);
    readable = false;
  }
  if (readable && /^\uFEFF?\s*$/.test(text)) {
    problems.error(start, 'the file is empty; a cluster file begins with "version: 1"');
    return false;
  }
  return readable;
}
