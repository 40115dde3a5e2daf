// The port Journal: what is recorded is there at once, after a restart and after a crash, and a disk that fails hurts nobody.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileJournal, readJournal } from "../../../firmware/adapters/file-journal.ts";
import type { Decision } from "../../../firmware/core/decision.ts";
import type { Journal } from "../../../firmware/ports/journal.ts";
import { FakeJournal } from "../../support/fake-ports.ts";

let directory: string;
let warnings: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pulsebox-journal-"));
  warnings = [];
});

afterEach(() => rmSync(directory, { recursive: true }));

const open = (limit?: number): FileJournal =>
  new FileJournal({
    directory: join(directory, "state"),
    warn: (text) => warnings.push(text),
    ...(limit !== undefined && { limit }),
  });

const path = (name = "decisions.jsonl"): string => join(directory, "state", name);

function decision(number: number): Decision {
  return {
    number,
    node: "director1",
    generation: 1,
    wall: 1000 + number,
    monotonic: number,
    transition: { what: "started" },
    trigger: { event: "start" },
    evidence: [],
  };
}

const numbers = (decisions: readonly Decision[]): number[] => decisions.map(({ number }) => number);

describe.each<[string, () => Journal]>([
  ["the fake", () => new FakeJournal()],
  ["the one on files", () => open()],
])("%s", (_, make) => {
  test("knows the last ones at once, oldest first", async () => {
    const journal = make();
    for (const number of [1, 2, 3]) journal.record(decision(number));
    expect(numbers(journal.last(2))).toEqual([2, 3]);
    expect(numbers(journal.last(10))).toEqual([1, 2, 3]);
    expect(journal.last(0)).toEqual([]);
    await journal.close();
  });
});

test("what was before a restart is there, and is continued", async () => {
  const first = open();
  first.record(decision(1));
  await first.close();
  const second = open();
  expect(numbers(second.last(10))).toEqual([1]);
  second.record(decision(2));
  await second.close();
  expect(readJournal(join(directory, "state"), 10)).toEqual([decision(1), decision(2)]);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});

test.each([
  ["cut short", '{"number":2,"node":"dir'],
  ["of another kind", '{"number":2}'],
  ["no object", "7"],
  ["not UTF-8", Buffer.from([0xff, 0xfe, 0x00])],
])("a last line that is %s costs that line only", async (_, damage) => {
  const first = open();
  first.record(decision(1));
  await first.close();
  appendFileSync(path(), damage);
  const second = open();
  expect(numbers(second.last(10))).toEqual([1]);
  second.record(decision(3));
  await second.close();
  expect(numbers(readJournal(join(directory, "state"), 10))).toEqual([1, 3]);
});

test("the files are bounded: the older half makes room", async () => {
  const journal = open(2000);
  for (let number = 1; number <= 100; number++) {
    journal.record(decision(number));
    await journal.close();
  }
  await journal.close();
  expect(readdirSync(join(directory, "state")).sort()).toEqual(["decisions.1.jsonl", "decisions.jsonl"]);
  for (const name of ["decisions.1.jsonl", "decisions.jsonl"])
    expect(statSync(path(name)).size).toBeLessThan(2001);
  const kept = numbers(readJournal(join(directory, "state"), 100));
  expect(kept.at(-1)).toBe(100);
  expect(kept.length).toBeGreaterThan(5);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 101 - kept.length + at));
  expect(numbers(journal.last(100))).toHaveLength(100);
});

test("a state area that cannot be written is told once, forgotten by nobody, and told when it is back", async () => {
  writeFileSync(join(directory, "state"), "in the way");
  const journal = open();
  for (const number of [1, 2, 3]) {
    journal.record(decision(number));
    await journal.close();
  }
  expect(numbers(journal.last(10))).toEqual([1, 2, 3]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^Decisions are kept in memory only: ENOTDIR|EEXIST/);
  rmSync(join(directory, "state"));
  mkdirSync(join(directory, "state"));
  journal.record(decision(4));
  await journal.close();
  expect(numbers(readJournal(join(directory, "state"), 10))).toEqual([1, 2, 3, 4]);
  expect(warnings).toEqual([expect.any(String), `Decisions are stored in ${path()} again`]);
});

test("who reads is told of a file that is there and cannot be read; the daemon goes on with the other one", async () => {
  mkdirSync(join(directory, "state"));
  writeFileSync(path("decisions.1.jsonl"), `${JSON.stringify(decision(1))}\n`);
  symlinkSync(path(), path());
  expect(() => readJournal(join(directory, "state"), 10)).toThrow("ELOOP");
  expect(numbers(open().last(10))).toEqual([1]);
});

test("recording never waits for the disk", async () => {
  const journal = open();
  journal.record(decision(1));
  expect(() => readFileSync(path())).toThrow("ENOENT");
  await journal.close();
});

test("a disk that never answers holds up the end for as long as it is allowed to", async () => {
  const journal = open();
  // The thread pool is busy with what never ends: nothing of the journal gets its turn.
  execFileSync("mkfifo", [join(directory, "stuck")]);
  const stuck = Array.from({ length: 4 }, () => openFile(join(directory, "stuck"), "r"));
  journal.record(decision(1));
  const began = performance.now();
  await journal.close(50);
  const waited = performance.now() - began;
  const otherEnd = openSync(join(directory, "stuck"), "r+");
  for (const each of stuck) await (await each).close();
  closeSync(otherEnd);
  await journal.close();
  expect(waited).toBeGreaterThan(45);
  expect(numbers(readJournal(join(directory, "state"), 10))).toEqual([1]);
});

test("a full disk is told once, and the daemon goes on", async () => {
  mkdirSync(join(directory, "state"));
  // A device that answers every write with ENOSPC (full(4)).
  symlinkSync("/dev/full", path());
  const journal = open();
  for (const number of [1, 2]) {
    journal.record(decision(number));
    await journal.close();
  }
  expect(warnings).toEqual([expect.stringContaining("ENOSPC")]);
  expect(numbers(journal.last(10))).toEqual([1, 2]);
});
