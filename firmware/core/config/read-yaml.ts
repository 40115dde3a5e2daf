// YAML text to the source tree, with every syntax error as a diagnostic. After a syntax error the parser guesses, so
// the offset of the first one is returned: what was read before it is as the author wrote it.

import {
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import { mostProblems, type Problems, type Span } from "./diagnostics.ts";
import { quote } from "./quote.ts";
import type { MapNode, SourceNode } from "./source-tree.ts";

export interface YamlReading {
  readonly root?: SourceNode;
  /** Offset of the first syntax error; Infinity when there is none. */
  readonly sureUntil: number;
}

const deepest = 24;
/** Aliases let a small file name a huge value ("billion laughs"); no cluster file comes near this. */
const mostNodes = 100_000;

const indentation = "the indentation does not fit the lines above";

const advice: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: "a tab indents this line; YAML is indented with spaces only",
  BAD_INDENT: indentation,
  BLOCK_AS_IMPLICIT_KEY: `a second key on this line, or ${indentation}; a text with ": " in it needs quotes`,
  MULTILINE_IMPLICIT_KEY: "this is no key: a key is followed by a colon and a space",
  MULTIPLE_DOCS: 'a second document begins here ("---"); a cluster file is one document',
  TAG_RESOLVE_FAILED: "this tag is not known; write the value without it",
  NON_STRING_KEY: "a key must be plain text",
  RESOURCE_EXHAUSTION: "nested too deep to be read",
};

/** The places where a flow collection or a quoted text begins and ends, in the order in which they begin. */
function openersOf(document: Document): readonly Span[] {
  const openers: Span[] = [];
  visit(document, {
    Node: (_, node) => {
      const [start, end] = node.range ?? [0, 0];
      const quoted = isScalar(node) && /^QUOTE/.test(node.type ?? "");
      if (quoted || (isCollection(node) && node.flow === true)) openers.push({ start, end });
    },
  });
  return openers;
}

const notClosed = /^(?:Flow (?:sequence|map) in block collection|Flow (?:sequence|map) must|Missing closing)/;

/** The parser reports what is not closed where it gives up; what people look for is where it was opened. */
function openerOf(error: YAMLError, openers: readonly Span[]): Span | undefined {
  if (!notClosed.test(error.message)) return undefined;
  const [at] = error.pos;
  const opener = openers.findLast(({ start, end }) => start < at && end >= at);
  return opener === undefined ? undefined : { start: opener.start, end: opener.start + 1 };
}

function reportSyntax(document: Document, text: string, building: Building): void {
  const openers = openersOf(document);
  const lines = new Set<number>();
  let indented = true;
  for (const error of [...document.errors, ...document.warnings].slice(0, mostProblems)) {
    // Where the indentation is lost, it is lost on every line that follows.
    if (error.code === "BAD_INDENT" && !indented) continue;
    if (error.code === "BAD_INDENT" || error.code === "TAB_AS_INDENT") indented = false;
    const opener = openerOf(error, openers);
    const span = opener ?? { start: error.pos[0], end: error.pos[1] };
    const message =
      opener === undefined
        ? (advice[error.code] ?? `not valid YAML: ${error.message}`)
        : `nothing closes this ${text.slice(opener.start, opener.end)}`;
    const line = building.problems.line(span.start);
    // What the parser makes of the rest of a line that it did not understand is of no use to anybody.
    if (!lines.has(line)) refuse(span, message, building);
    lines.add(line);
  }
}

interface Building {
  readonly problems: Problems;
  readonly anchors: Map<string, Node>;
  nodes: number;
  /** Offset of the first piece that could not be read. */
  sureUntil: number;
}

const spanOf = (node: Node): Span => ({ start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 });

function buildMap(node: Node, depth: number, building: Building): MapNode {
  const entries: MapNode["entries"] = new Map();
  for (const pair of isMap<Node, Node | null>(node) ? node.items : []) {
    const key = spanOf(pair.key);
    const name = isScalar(pair.key) ? String(pair.key.value) : "";
    const first = entries.get(name);
    // Built even when it is a duplicate, so that its own mistakes are reported too.
    const value = pair.value === null ? empty(key) : build(pair.value, depth + 1, building);
    if (!isScalar(pair.key)) building.problems.error(key, "a key must be plain text");
    else if (name === "__proto__") building.problems.error(key, `${quote(name)} cannot be a key`);
    else if (first !== undefined) {
      const line = building.problems.line(first.key.start);
      building.problems.error(key, `the key ${quote(name)} is there twice: first on line ${line}`);
    } else if (value !== undefined) entries.set(name, { key, value });
  }
  return { kind: "map", entries, span: spanOf(node) };
}

const empty = (span: Span): SourceNode => ({
  kind: "scalar",
  value: null,
  source: "",
  span: { start: span.end, end: span.end },
});

function refuse(span: Span, message: string, building: Building): undefined {
  building.problems.error(span, message);
  building.sureUntil = Math.min(building.sureUntil, span.start);
}

function build(node: Node, depth: number, building: Building): SourceNode | undefined {
  const span = spanOf(node);
  building.nodes++;
  if (depth > deepest)
    return refuse(span, `nested deeper than ${deepest}: this is no cluster file`, building);
  if (building.nodes === mostNodes)
    return refuse(span, `more than ${mostNodes} values, aliases counted: this is no cluster file`, building);
  if (building.nodes > mostNodes) return undefined;
  if (isAlias(node)) {
    const target = building.anchors.get(node.source);
    if (target !== undefined) return build(target, depth + 1, building);
    return refuse(span, `the alias ${quote(`*${node.source}`)} has no anchor before it`, building);
  }
  const built = buildCollection(node, span, depth, building);
  if (node.anchor !== undefined) building.anchors.set(node.anchor, node);
  return built;
}

function buildCollection(node: Node, span: Span, depth: number, building: Building): SourceNode {
  if (isMap(node)) return buildMap(node, depth, building);
  if (isSeq<Node>(node)) {
    const items = node.items
      .map((item) => build(item, depth + 1, building))
      .filter((item) => item !== undefined);
    return { kind: "list", items, span };
  }
  const value: unknown = isScalar(node) ? node.value : null;
  const source = isScalar(node) && node.source !== undefined ? node.source : "";
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return { kind: "scalar", value, source, span };
  return { kind: "scalar", value: null, source, span };
}

const directiveSpan = (text: string): Span => {
  const start = Math.max(text.indexOf("%YAML"), 0);
  return { start, end: start + "%YAML 1.1".length };
};

export function readYaml(text: string, problems: Problems): YamlReading {
  const document = parseDocument<Node>(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    // "silent" would also keep quiet about a second document.
    logLevel: "error",
  });
  const building: Building = { problems, anchors: new Map(), nodes: 0, sureUntil: Number.POSITIVE_INFINITY };
  reportSyntax(document, text, building);
  if (document.directives?.yaml.version === "1.1")
    refuse(directiveSpan(text), "the file is read as YAML 1.2: leave the %YAML line out", building);
  const root = document.contents === null ? undefined : build(document.contents, 0, building);
  const { sureUntil } = building;
  return root === undefined ? { sureUntil } : { root, sureUntil };
}
