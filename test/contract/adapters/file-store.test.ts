// The port Store: the generation rises over every start, crash, clock and lost directory; the uuid stays.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileStore } from "../../../firmware/adapters/file-store.ts";

let directory: string;
let warnings: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pulsebox-store-"));
  warnings = [];
});

afterEach(() => rmSync(directory, { recursive: true }));

const open = (name = "state", macs?: readonly string[]) =>
  new FileStore({
    directory: join(directory, name),
    warn: (text) => warnings.push(text),
    ...(macs !== undefined && { macs }),
  });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("the first generation is the clock plus one, later ones rise whatever the clock does", () => {
  expect(open().nextGeneration(1000)).toBe(1001);
  expect(open().nextGeneration(1000)).toBe(1002);
  expect(open().nextGeneration(5)).toBe(1003);
  expect(open().nextGeneration(5000)).toBe(5001);
});

test("a directory that was lost does not let the generation fall", () => {
  const last = open("first").nextGeneration(7000);
  expect(open("second").nextGeneration(7001)).toBeGreaterThan(last);
});

test("the generation is stored before it is used, and nothing else is left behind", () => {
  const store = open();
  store.uuid();
  const generation = store.nextGeneration(1000);
  expect(readFileSync(join(directory, "state", "generation"), "latin1")).toBe(`${generation}\n`);
  expect(readdirSync(join(directory, "state")).sort()).toEqual(["generation", "uuid"]);
});

test("a write that was cut short before does no harm", () => {
  open().nextGeneration(1000);
  writeFileSync(join(directory, "state", "generation.new"), "99999999");
  expect(open().nextGeneration(1000)).toBe(1002);
});

test.each(["", "-5", "12x", "0", "99999999999999999999"])(
  "a generation file with %j is told and made anew",
  (text) => {
    open().nextGeneration(1000);
    writeFileSync(join(directory, "state", "generation"), text);
    expect(open().nextGeneration(2000)).toBe(2001);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`holds ${JSON.stringify(text)}, which is no generation`);
  },
);

test("the uuid stays over starts and is another one elsewhere", () => {
  const uuid = hex(open("one").uuid());
  expect(uuid).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  expect(hex(open("one").uuid())).toBe(uuid);
  expect(hex(open("two").uuid())).not.toBe(uuid);
});

test("without a lasting directory the uuid comes from the hardware addresses, in whatever order they are found", () => {
  const macs = ["52:54:00:00:00:02", "52:54:00:00:00:01"];
  const uuid = hex(open("one", macs).uuid());
  expect(uuid).toMatch(/^[0-9a-f]{12}8[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  expect(hex(open("two", [...macs].reverse()).uuid())).toBe(uuid);
  expect(hex(open("three", macs.slice(1)).uuid())).not.toBe(uuid);
});

test("a directory that cannot be made is an error with errno's name", () => {
  writeFileSync(join(directory, "file"), "");
  expect(() => open("file/state").nextGeneration(1)).toThrow(/ENOTDIR/);
});

test("in the place of a heartbeat node it goes on under its uuid and above its generation", () => {
  const heartbeat = join(directory, "heartbeat");
  mkdirSync(heartbeat);
  const uuid = Buffer.from("abc64e2ae0dd4e50b87d4dc98a54f5e6", "hex");
  writeFileSync(join(heartbeat, "hb_uuid"), uuid);
  writeFileSync(join(heartbeat, "hb_generation"), "1795313721\n");
  const store = () => new FileStore({ directory: join(directory, "state"), heartbeat, warn: () => {} });
  expect(hex(store().uuid())).toBe(uuid.toString("hex"));
  expect(store().nextGeneration(1000)).toBe(1_795_313_722);
  rmSync(heartbeat, { recursive: true });
  expect(hex(store().uuid())).toBe(uuid.toString("hex"));
  expect(store().nextGeneration(1000)).toBe(1_795_313_723);
});

test.each([
  ["a short uuid", "hb_uuid", "short"],
  ["no number", "hb_generation", "soon"],
])("a heartbeat node that left %s counts for nothing", (_, name, text) => {
  writeFileSync(join(directory, name), text);
  const store = new FileStore({ directory: join(directory, "state"), heartbeat: directory, warn: () => {} });
  expect(store.uuid()).toHaveLength(16);
  expect(store.nextGeneration(1000)).toBe(1001);
});

const position = { generation: 1_795_313_721, sequence: 4711 };

/** A start of ours that is told so much, in that order, and ends. */
async function told(...positions: (typeof position | undefined)[]): Promise<void> {
  const store = open();
  for (const each of positions)
    each === undefined ? store.forget("director2") : store.remember("director2", each);
  await store.close();
}

const kept = () => open().positions(["director2", "director3"]);

test("what was heard of a peer is there at the next start, the last of it", async () => {
  expect(kept().size).toBe(0);
  await told({ generation: 1, sequence: 1 }, position);
  expect(kept()).toEqual(new Map([["director2", position]]));
  expect(readdirSync(join(directory, "state"))).toEqual(["position-director2"]);
});

test("what is forgotten is gone, before and after it was written", async () => {
  await told(position, undefined);
  expect(kept().size).toBe(0);
  await told(position);
  await told(undefined);
  expect(kept().size).toBe(0);
});

test("a position that was not written to its end does no harm", async () => {
  await told(position);
  writeFileSync(join(directory, "state", "position-director2.new"), "99");
  expect(kept().get("director2")).toEqual(position);
});

test.each(["", "5", "5 x", "-5 1", "99999999999999999999 1"])(
  "a position file with %j is told, and shuts nobody out",
  async (text) => {
    await told(position);
    writeFileSync(join(directory, "state", "position-director2"), text);
    expect(kept().size).toBe(0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`holds ${JSON.stringify(text)}, which is no position`);
  },
);

test("a disk that refuses is told once, and the node goes on", async () => {
  writeFileSync(join(directory, "file"), "");
  const store = open("file/state");
  for (const sequence of [1, 2, 3]) {
    store.remember("director2", { generation: 1, sequence });
    await store.close();
  }
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/What was heard of node director2 cannot be kept: .*ENOTDIR/);
});
