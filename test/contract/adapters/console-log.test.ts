// The log: heartbeat's form, and a console that nobody reads never holds the daemon up.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logLine } from "../../../firmware/adapters/console-log.ts";
import { LineWriter } from "../../../firmware/adapters/line-writer.ts";
import { until } from "../../support/until.ts";

const root = new URL("../../..", import.meta.url).pathname;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "pulsebox-log-"));
});

afterAll(() => rmSync(directory, { recursive: true }));

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("skipped: only root may become somebody who may not open a file");

test("a line has heartbeat's form, and nothing in it can steer a terminal", () => {
  const now = new Date(2026, 10, 5, 7, 8, 9);
  expect(logLine(now, 4711, "WARN", "node n2: is dead")).toBe(
    "heartbeat[4711]: 2026/11/05_07:08:09 WARN: node n2: is dead",
  );
  expect(logLine(now, 1, "info", "a\u001b[2Jb\rc\u009bd")).toContain("info: a?[2Jb?c?d");
});

test("a full pipe loses lines, says how many, and holds nobody up", async () => {
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = new LineWriter(path);
  // Nobody reads until all is written: who waited for a reader would wait for ever.
  for (let line = 0; line < 5000; line++) writer.write(`${line} ${"x".repeat(100)}`);
  let text = "";
  const bytes = Buffer.alloc(65536);
  await until("the writer says what was lost", () => {
    try {
      text += bytes.toString("latin1", 0, readSync(reader, bytes));
    } catch {
      return false; // EAGAIN: the writer tries again soon
    }
    return text.includes("lost");
  });
  const lost = Number(/\((\d+) lines lost: .* was too slow\)\n/.exec(text)?.[1]);
  expect(lost).toBeGreaterThan(3000);
  const lines = text.split("\n").filter((line) => line.endsWith("x"));
  expect(lines.map((line) => Number(line.split(" ")[0]))).toEqual(
    Array.from({ length: 5000 - lost }, (_, n) => n),
  );
  await writer.close(1000);
  closeSync(reader);
});

test("closing waits for a slow reader, but not for ever", async () => {
  const path = join(directory, "stuck");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = new LineWriter(path);
  for (let line = 0; line < 1000; line++) writer.write("x".repeat(100));
  const began = performance.now();
  await writer.close(100);
  expect(performance.now() - began).toBeGreaterThanOrEqual(100);
  closeSync(reader);
});

const program = `
  import { ConsoleLog } from "./firmware/adapters/console-log.ts";
  const log = new ConsoleLog({ box: false, debug: false });
  log.write("info", "one\\ntwo");
  log.write("debug", "hidden");
  log.write("CRIT", "three");
  await log.close();`;

/** What the program above writes to a standard error of the kind given, without what differs from run to run. */
async function written(standardError: "pipe" | number, before = ""): Promise<string> {
  const argv = ["--input-type=module-typescript", "--eval", `${before}${program}`];
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "ignore", standardError] });
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  await once(child, "close");
  return text;
}

const form =
  /^heartbeat\[\d+\]: \S+ info: one\nheartbeat\[\d+\]: \S+ info: two\nheartbeat\[\d+\]: \S+ CRIT: three\n$/;

test("standard error as a socket, as a service manager gives it", async () => {
  expect(await written("pipe")).toMatch(form);
});

test.skipIf(!isRoot)("standard error as a file that this user may not open", async () => {
  const path = join(directory, "of-root");
  const file = openSync(path, "a", 0o600);
  await written(file, "process.setuid(65534);");
  closeSync(file);
  expect(readFileSync(path, "latin1")).toMatch(form);
});

test("standard error as a file: appended to what is there", async () => {
  const path = join(directory, "file");
  const before = openSync(path, "a");
  await written(before);
  await written(before);
  closeSync(before);
  const half = readFileSync(path, "latin1").split("\n").slice(0, 3).join("\n");
  expect(`${half}\n`).toMatch(form);
  expect(readFileSync(path, "latin1").split("\n")).toHaveLength(7);
});
