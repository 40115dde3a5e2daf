// Zod's findings in the words of a cluster file: each becomes one diagnostic at the key or value that is wrong. The
// schemas' own error texts are phrases that say what was allowed; here they get their sentence.

import * as z from "zod";
import type { Problems, Span } from "./diagnostics.ts";
import { quote } from "./quote.ts";
import { keySpanAt, nodeAt, type Path, type SourceNode, spanAt } from "./source-tree.ts";
import { nearest } from "./suggestion.ts";

type Issue = z.core.$ZodIssue;

export interface Finding {
  readonly path: Path;
  readonly span: Span;
  readonly message: string;
  readonly suggestion?: string;
  /** `path` is a key that no schema knows. */
  readonly unknownKey?: true;
  /** The key is not there. */
  readonly missing: boolean;
  /** The text from which this follows ends here; Infinity when it follows from what is not in the text. */
  readonly from: number;
}

/** "heartbeat.media.ucast": list positions are left out, the caret shows them. */
const keysOnly = (path: Path): string => path.filter((step) => typeof step === "string").join(".");

function placeName(path: Path): string {
  if (path.length === 0) return "the cluster file";
  const name = keysOnly(path);
  return typeof path.at(-1) === "number" ? `an item of ${name}` : name;
}

function stepInto(schema: unknown, step: string | number): unknown {
  if (schema instanceof z.ZodOptional) return stepInto(schema.unwrap(), step);
  if (schema instanceof z.ZodObject) return typeof step === "string" ? schema.shape[step] : undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  if (!(schema instanceof z.ZodUnion)) return undefined;
  return schema.options.map((option) => stepInto(option, step)).find((found) => found !== undefined);
}

function keysOf(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodOptional) return keysOf(schema.unwrap());
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodUnion ? schema.options.flatMap(keysOf) : [];
}

function descriptionOf(schema: unknown): string | undefined {
  return schema instanceof z.ZodType ? schema.description : undefined;
}

function finding(path: Path, span: Span, message: string, suggestion?: string): Finding {
  const found = { path, span, message, missing: false, from: span.end };
  return suggestion === undefined ? found : { ...found, suggestion };
}

function unknownKeys(keys: readonly string[], path: Path, root: SourceNode, schema: unknown): Finding[] {
  const known = keysOf(path.reduce<unknown>(stepInto, schema));
  const place = path.length === 0 ? "at the top of the file" : `in ${placeName(path)}`;
  return keys.map((key) => {
    const at = [...path, key];
    const suggestion = nearest(key, known);
    const allowed = suggestion === undefined && known.length > 0 ? `; allowed are ${known.join(", ")}` : "";
    const span = keySpanAt(root, at) ?? spanAt(root, path);
    const message = `unknown key ${quote(key)} ${place}${allowed}`;
    return { ...finding(at, span, message, suggestion), unknownKey: true };
  });
}

function missingKey(path: Path, root: SourceNode, schema: unknown): Finding {
  const parent = path.slice(0, -1);
  const description = descriptionOf(path.reduce<unknown>(stepInto, schema));
  const meaning = description === undefined ? "" : ` (${description})`;
  const message = `${placeName(parent)} lacks the key ${quote(String(path.at(-1)))}${meaning}`;
  const span =
    parent.length === 0 ? { start: root.span.start, end: root.span.start + 1 } : spanAt(root, parent);
  return { ...finding(path, span, message), missing: true, from: Number.POSITIVE_INFINITY };
}

/** What is wrong with it is said without it. */
const isSecret = (path: Path): boolean => path.at(-1) === "key" || path.at(-1) === "password";

function badValue(issue: Issue, path: Path, root: SourceNode): Finding {
  const node = nodeAt(root, path);
  const place = placeName(path);
  const span = spanAt(root, path);
  const expected = issue.message;
  if (node?.kind !== "scalar")
    return { ...finding(path, span, `${place} must be ${expected}`), from: node?.span.end ?? span.end };
  if (node.value === null && node.source === "") {
    const message = `${place} is empty; it must be ${expected}`;
    return { ...finding(path, span, message), from: Number.POSITIVE_INFINITY };
  }
  const key = keysOnly(path) || place;
  const wantsText = issue.code === "invalid_type" && issue.expected === "string";
  if (wantsText) {
    const what =
      typeof node.value === "string" ? "text" : `a ${node.value === null ? "null" : typeof node.value}`;
    if (isSecret(path)) return finding(path, span, `${key} is read as ${what}; write it in quotes`);
    const message = `${key}: ${node.source} is read as ${what}; write it in quotes`;
    return finding(path, span, message, quote(node.source));
  }
  const words =
    issue.code === "invalid_value" ? issue.values.filter((value) => typeof value === "string") : [];
  if (isSecret(path)) return finding(path, span, `${key} is not ${expected}`);
  const shown = typeof node.value === "string" ? quote(node.value) : node.source;
  return finding(path, span, `${key}: ${shown} is not ${expected}`, nearest(String(node.value), words));
}

/** Of a union's alternatives, the one that the value was meant to be: the one that did not fail on the value as a whole. */
function meant(issue: Extract<Issue, { code: "invalid_union" }>): readonly Issue[] | undefined {
  return issue.errors.find((branch) => branch.every((inner) => inner.path.length > 0 || isDeep(inner)));
}

const isDeep = (issue: Issue): boolean => issue.code === "unrecognized_keys";

/** All findings of a failed parse. `schema` is the one that parsed, `root` what was parsed. */
export function findings(issues: readonly Issue[], root: SourceNode, schema: unknown): readonly Finding[] {
  return issues.flatMap((issue): readonly Finding[] => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") return unknownKeys(issue.keys, path, root, schema);
    if (issue.code === "invalid_key") {
      const key = String(path.at(-1));
      const lower = key === key.toLowerCase() ? undefined : key.toLowerCase();
      const phrase = issue.issues[0]?.message ?? "a name";
      const span = keySpanAt(root, path) ?? spanAt(root, path);
      return [finding(path, span, `${quote(key)} is not ${phrase}`, lower)];
    }
    if (nodeAt(root, path) === undefined) return [missingKey(path, root, schema)];
    const branch = issue.code === "invalid_union" ? meant(issue) : undefined;
    if (branch === undefined) return [badValue(issue, path, root)];
    const inner = branch.map((one) => ({ ...one, path: [...path, ...one.path] }));
    return findings(inner, root, schema);
  });
}

/** Paths as members of a set. */
const keyOf = (path: Path): string => JSON.stringify(path);

/** Reports what is certain: a finding that rests on text at or behind a syntax error is not. */
export function reportFindings(found: readonly Finding[], sureUntil: number, problems: Problems): void {
  const unknown = found.filter(({ unknownKey }) => unknownKey === true);
  const parents = new Set(unknown.map(({ path }) => keyOf(path.slice(0, -1))));
  const meantKeys = new Set(
    unknown.map(({ path, suggestion = "" }) => keyOf([...path.slice(0, -1), suggestion])),
  );
  // A misspelt key is the reason why the right one is missing, or why its mapping says nothing: one mistake, one message.
  const consequence = ({ path, missing, unknownKey }: Finding): boolean =>
    unknownKey !== true && (missing ? meantKeys.has(keyOf(path)) : parents.has(keyOf(path)));
  for (const one of found) {
    const certain = sureUntil === Number.POSITIVE_INFINITY || one.from < sureUntil;
    if (certain && !consequence(one)) problems.error(one.span, one.message, one.suggestion);
  }
}
