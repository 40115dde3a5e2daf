// What a node of a cluster of three or more shows with each status beside its claim, and how it is written: version 2 of the
// field of view.ts, in which sides are named by their nodes, because "foreign" says too little.

import type { ClusterConfig } from "../config/cluster.ts";
import { type Sides, sidesIn } from "../resource/sides.ts";
import type { Position } from "./inbox.ts";
import type { Order, Orders } from "./orders.ts";

export interface ClusterView {
  /** What it means to take as soon as everybody has agreed. */
  readonly wants: Sides;
  /** Of each living node that wants something, what: who repeats this has heard it and will not take the same unasked. */
  readonly echo: ReadonlyMap<string, Sides>;
  /** The nodes that it called dead and has not settled with since, and what it owned when it did. */
  readonly estranged: ReadonlyMap<string, Sides>;
  readonly orders: Orders;
  /** The generation and the highest number heard of every node that it holds for alive. */
  readonly hears: ReadonlyMap<string, Position>;
  /** It is shutting down. */
  readonly leaving: boolean;
}

const EMPTY = "-";

function list(words: Iterable<string>, separator: string): string {
  return [...words].join(separator) || EMPTY;
}

function entries<T>(map: ReadonlyMap<string, T>, write: (value: T) => string): string {
  return list(
    [...map].map(([name, value]) => `${name}=${write(value)}`),
    ",",
  );
}

/** Five words separated by blanks. */
export function clusterWords({ wants, echo, estranged, orders, hears }: ClusterView): string {
  const sides = (value: Sides): string => list(value, "+");
  const order = ({ number, owner }: Order): string => `${number.toString(16)}/${owner ?? EMPTY}`;
  const position = ({ generation, sequence }: Position): string =>
    `${generation.toString(16)}/${sequence.toString(16)}`;
  return [
    sides(wants),
    entries(echo, sides),
    entries(estranged, sides),
    entries(orders, order),
    entries(hears, position),
  ].join(" ");
}

/** Undefined for anything that `clusterWords` would not have written for a node of `cluster`. */
export function parseClusterWords(
  words: readonly string[],
  leaving: boolean,
  cluster: ClusterConfig,
): ClusterView | undefined {
  const [first = "", ...rest] = words;
  const wants = parseSides(first, cluster);
  const [echo, estranged] = rest.map((word) =>
    parseEntries(word, cluster, (each) => parseSides(each, cluster)),
  );
  const orders = parseEntries(rest[2] ?? "", cluster, (each) => parseOrder(each, cluster));
  const hears = parseEntries(rest[3] ?? "", cluster, parsePosition);
  if (rest.length !== 4 || wants === undefined || echo === undefined || estranged === undefined)
    return undefined;
  if (orders === undefined || hears === undefined) return undefined;
  return { wants, echo, estranged, orders, hears, leaving };
}

/** "director1+director3" or "-". */
export function parseSides(text: string, cluster: ClusterConfig): Sides | undefined {
  if (text === EMPTY) return new Set();
  const names = text.split("+");
  return names.every((name) => isNode(name, cluster)) ? sidesIn(names) : undefined;
}

function parseEntries<T>(
  text: string,
  cluster: ClusterConfig,
  parse: (value: string) => T | undefined,
): ReadonlyMap<string, T> | undefined {
  const map = new Map<string, T>();
  if (text === EMPTY) return map;
  for (const entry of text.split(",")) {
    const [name = "", value = "", ...more] = entry.split("=");
    const parsed = parse(value);
    if (more.length > 0 || parsed === undefined || map.has(name) || !isNode(name, cluster)) return undefined;
    map.set(name, parsed);
  }
  return map;
}

function parseOrder(text: string, cluster: ClusterConfig): Order | undefined {
  const match = /^([1-9a-f][0-9a-f]{0,12})\/(.+)$/.exec(text);
  const [, number = "", owner = ""] = match ?? [];
  if (match === null || (owner !== EMPTY && !isNode(owner, cluster))) return undefined;
  return { number: Number.parseInt(number, 16), ...(owner !== EMPTY && { owner }) };
}

function parsePosition(text: string): Position | undefined {
  const match = /^([0-9a-f]{1,13})\/([0-9a-f]{1,13})$/.exec(text);
  const [, generation = "", sequence = ""] = match ?? [];
  if (match === null) return undefined;
  return { generation: Number.parseInt(generation, 16), sequence: Number.parseInt(sequence, 16) };
}

function isNode(name: string, { nodes }: ClusterConfig): boolean {
  return nodes.some((node) => node.name === name);
}
