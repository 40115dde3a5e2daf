// The YAML text as a tree of plain values that remember their place (YAML 1.2, core schema). It exists beside the
// yaml package's own document because a value found wrong is taken out of it, and the checks that follow still
// find the rest by path; and because aliases are expanded here under a limit.

import type { Span } from "./diagnostics.ts";

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written, without quotes. */
  readonly source: string;
  readonly span: Span;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: Map<string, { readonly key: Span; readonly value: SourceNode }>;
  readonly span: Span;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: SourceNode[];
  readonly span: Span;
}

export type SourceNode = ScalarNode | MapNode | ListNode;

export type Path = readonly (string | number)[];

export function nodeAt(root: SourceNode, path: Path): SourceNode | undefined {
  let node: SourceNode | undefined = root;
  for (const step of path) {
    if (node?.kind === "map") node = node.entries.get(String(step))?.value;
    else if (node?.kind === "list") node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

export function keySpanAt(root: SourceNode, path: Path): Span | undefined {
  const parent = nodeAt(root, path.slice(0, -1));
  return parent?.kind === "map" ? parent.entries.get(String(path.at(-1)))?.key : undefined;
}

/** Where to point for `path`: a scalar itself, the key of a mapping or list, else the nearest ancestor that exists. */
export function spanAt(root: SourceNode, path: Path): Span {
  const node = nodeAt(root, path);
  if (node === undefined) return path.length === 0 ? root.span : spanAt(root, path.slice(0, -1));
  if (node.kind === "scalar" && node.span.end > node.span.start) return node.span;
  return keySpanAt(root, path) ?? node.span;
}

/** The value as schema validation wants it; mappings have no prototype, so that no key is special. */
export function toPlain(node: SourceNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toPlain);
  const plain: Record<string, unknown> = Object.create(null);
  for (const [key, { value }] of node.entries) plain[key] = toPlain(value);
  return plain;
}

interface Removal {
  readonly path: Path;
  readonly remove: () => void;
}

/** How to take out what is at `path`, or the nearest ancestor that exists; nothing can take out the root. */
function removal(root: SourceNode, path: Path): Removal | undefined {
  const step = path.at(-1);
  if (step === undefined) return undefined;
  const parent = nodeAt(root, path.slice(0, -1));
  const child = nodeAt(root, path);
  if (child === undefined) return removal(root, path.slice(0, -1));
  if (parent?.kind === "map") return { path, remove: () => parent.entries.delete(String(step)) };
  const remove = () => {
    // Items that were taken out before have moved this one up.
    if (parent?.kind === "list" && parent.items.includes(child))
      parent.items.splice(parent.items.indexOf(child), 1);
  };
  return { path, remove };
}

/**
 * Takes out what is at the paths, all of which name places in the tree as it is before the first is taken out.
 * Returns the paths of what was really taken out: an ancestor where a path leads nowhere.
 */
export function prune(root: SourceNode, paths: readonly Path[]): readonly Path[] {
  const removals = paths.map((path) => removal(root, path)).filter((one) => one !== undefined);
  for (const { remove } of removals) remove();
  return removals.map(({ path }) => path);
}
