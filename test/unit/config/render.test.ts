// The caret stands under the character that is meant, whatever the line is made of.

import { expect, test } from "vitest";
import { collectProblems, type Diagnostic } from "../../../firmware/core/config/diagnostics.ts";
import { renderDiagnostic, renderDiagnostics } from "../../../firmware/core/config/render.ts";

/** Renders an error at the part of `line` between the two bars. */
function marked(line: string): readonly string[] {
  const start = line.indexOf("|");
  const end = line.indexOf("|", start + 1) - 1;
  const text = line.replaceAll("|", "");
  const problems = collectProblems(text, "f");
  problems.error({ start, end }, "wrong");
  return problems.list().flatMap((one) => renderDiagnostic(one, text).split("\n").slice(1));
}

test.each([
  ["a: |bad|", "  a: bad", "     ^~~"],
  ["|a|", "  a", "  ^"],
  ["a: ||", "  a:", "     ^"],
  ["\ta: |b|", "          a: b", "             ^"],
  ["a:\t|b|", "  a:      b", "          ^"],
  ["日本: |b|", "  日本: b", "        ^"],
  ["a: |日本|", "  a: 日本", "     ^~~~"],
  ["e\u0301: |b|", "  e\u0301: b", "     ^"],
  ["😀: |b|", "  😀: b", "      ^"],
  ["\u001b[31m|b|", "  \uFFFD[31mb", "       ^"],
  ["\uFEFFa: |b|", "  a: b", "     ^"],
  ["a: |b|\r\n", "  a: b", "     ^"],
])("%j", (line, shown, caret) => {
  expect(marked(line)).toEqual([shown, caret]);
});

test("of a long line the part around the caret is shown, 100 columns wide", () => {
  const [shown = "", caret = ""] = marked(`${"x".repeat(300)}|bad|${"y".repeat(300)}`);
  expect(shown).toBe(`  …${"x".repeat(50)}bad${"y".repeat(47)}…`);
  expect(caret).toBe(`${" ".repeat(53)}^~~`);
});

test("a long mark is cut at its end", () => {
  const [shown = "", caret = ""] = marked(`a: |${"b".repeat(500)}|`);
  expect(shown).toBe(`  a: ${"b".repeat(97)}…`);
  expect(caret).toBe(`     ^${"~".repeat(96)}`);
});

test.each([
  ["  key: secret", "  key: ******"],
  ["auth: { key: secret word, id: 1 }", "auth: { key: ****** ****, id: 1 }"],
  ['auth: { "key": "se\\"cr, et", id: 1 }', 'auth: { "key": "******* **", id: 1 }'],
  ["key: 'secret", "key: '******"],
  ["key: 'sec ret' # sign", "key: '*** ***' # sign"],
  ["monkey: banana", "monkey: banana"],
])("the secret in %j is not shown", (line, shown) => {
  expect(marked(`${line}||`)[0]).toBe(`  ${shown}`);
});

test("a list is rendered in the order of the file and counted", () => {
  const place = (line: number, severity: Diagnostic["severity"]): Diagnostic => {
    return { severity, file: "f", line, column: 1, endColumn: 2, message: `on ${line}` };
  };
  const list = [place(2, "warning"), place(1, "error"), place(3, "error")];
  expect(renderDiagnostics(list, "a\nb\nc")).toBe(
    ["f:1:1: error: on 1", "  a", "  ^"]
      .concat(["f:2:1: warning: on 2", "  b", "  ^"])
      .concat(["f:3:1: error: on 3", "  c", "  ^", "2 errors, 1 warning", ""])
      .join("\n"),
  );
  expect(renderDiagnostics([], "")).toBe("");
});
