// The JSON Schema for editors, judged by a validator that is not ours.

import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { clusterFileJsonSchema } from "../../../firmware/core/config/json-schema.ts";

const schema = clusterFileJsonSchema();
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const golden = (name: string) => read(`../../golden/data/config/${name}.yaml`);

test("it is draft 2020-12 and has a title", () => {
  expect(schema).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "pulsebox cluster file",
    additionalProperties: false,
  });
});

test.each([
  ["the example", read("../../../image/example/cluster.yaml")],
  ["a file that uses everything", golden("not-run-yet")],
])("%s is valid", (_, text) => {
  validate(parse(text));
  expect(validate.errors).toBeNull();
});

test.each([
  ["unknown-keys", "/heartbeat"],
  ["unknown-keys-deep", "/nodes/n1/interfaces/eth1"],
  ["missing-keys", ""],
  ["wrong-types", "/heartbeat/media"],
  ["words-out-of-lists", "/heartbeat/auto_failback"],
  ["numbers-out-of-range", "/heartbeat/udpport"],
  ["a-medium-of-two-kinds", "/heartbeat/media/1"],
  ["node-names", "/nodes"],
  ["version-of-the-future", "/version"],
  ["no-media", "/heartbeat/media"],
  ["service-words", "/services/web/scheduler"],
])("%s is refused at %j", (name, place) => {
  expect(validate(parse(golden(name)))).toBe(false);
  expect(validate.errors?.map(({ instancePath }) => instancePath)).toContain(place);
});

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: false | Node;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** Every mapping of fixed keys, by its place. */
function* mappings(node: Node, place: string): Generator<readonly [string, Node]> {
  if (node.properties !== undefined) yield [place, node];
  for (const [key, child] of Object.entries(node.properties ?? {})) yield* mappings(child, `${place}.${key}`);
  if (typeof node.additionalProperties === "object") yield* mappings(node.additionalProperties, `${place}.*`);
  if (node.items !== undefined) yield* mappings(node.items, `${place}[]`);
  for (const child of node.anyOf ?? []) yield* mappings(child, place);
}

test("every mapping refuses unknown keys, and every key has a description", () => {
  const open = [...mappings(schema, "")].filter(([, node]) => node.additionalProperties !== false);
  expect(open.map(([place]) => place)).toEqual([]);
  const silent = [...mappings(schema, "")].flatMap(([place, { properties = {} }]) =>
    Object.entries(properties).flatMap(([key, { description }]) => (description ? [] : [`${place}.${key}`])),
  );
  expect(silent).toEqual([]);
});
