// The port Journal on two files of JSON lines in the state directory: decisions.jsonl grows to its limit, then becomes
// decisions.1.jsonl and takes the place of the one before. Lines are only ever added, each synced (fdatasync(2)) by Node's thread
// pool, so that neither a slow disk nor a full one holds up the daemon, and a crash damages the last line at most.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Decision } from "../core/decision.ts";
import type { Journal } from "../ports/journal.ts";
import { codeOf, words } from "./outcome.ts";

/** Decisions in memory, and lines that may wait for the disk. */
const mostKept = 500;
/** Bytes of one file. */
const defaultLimit = 256 * 1024;
/** How long the end of the process waits for the disk, ms. */
const usualPatience = 1000;

export interface FileJournalOptions {
  readonly directory: string;
  /** Told once when decisions cannot be stored, and once more when that has changed. */
  readonly warn: (text: string) => void;
  /** Bytes of one file; tests make it small. */
  readonly limit?: number;
}

export class FileJournal implements Journal {
  readonly #options: FileJournalOptions;
  #kept: Decision[];
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #failed = false;

  constructor(options: FileJournalOptions) {
    this.#options = options;
    // What is wrong there shows when the next decision is stored.
    this.#kept = readJournal(options.directory, mostKept, () => {}).slice();
  }

  record(decision: Decision): void {
    this.#kept = [...this.#kept.slice(-(mostKept - 1)), decision];
    this.#waiting = [...this.#waiting.slice(-(mostKept - 1)), JSON.stringify(decision)];
    this.#writing ??= this.#write();
  }

  last(count: number): readonly Decision[] {
    return count <= 0 ? [] : this.#kept.slice(-count);
  }

  async close(patience = usualPatience): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, patience).unref());
    await Promise.race([this.#writing, late]);
  }

  /** One batch after the other; what fails is tried again with the next decision. */
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        try {
          await this.#append(batch);
        } catch (error) {
          this.#waiting = [...batch, ...this.#waiting].slice(-mostKept);
          throw error;
        }
      }
      if (this.#failed) this.#options.warn(`Decisions are stored in ${this.#path("decisions.jsonl")} again`);
      this.#failed = false;
    } catch (error) {
      const since = `Decisions are kept in memory only: ${words(error)}`;
      if (!this.#failed) this.#options.warn(since);
      this.#failed = true;
    } finally {
      this.#writing = undefined;
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const { directory, limit = defaultLimit } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const text = `${lines.join("\n")}\n`;
    let file = await open(this.#path("decisions.jsonl"), "a+", 0o600);
    try {
      const { size } = await file.stat();
      if (size > 0 && size + text.length > limit) {
        await file.close();
        await rename(this.#path("decisions.jsonl"), this.#path("decisions.1.jsonl"));
        file = await open(this.#path("decisions.jsonl"), "a+", 0o600);
      }
      const torn = await endsTorn(file);
      await file.appendFile(torn ? `\n${text}` : text);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }
}

/** True when a crash has cut the last line short: the next one must not be glued to it. */
async function endsTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0] !== 0x0a;
}

/**
 * The last decisions stored in a state directory, oldest first; lines that are none are left out. A file that is there and cannot
 * be read throws, or is told to `unreadable` and left out.
 */
export function readJournal(
  directory: string,
  count: number,
  unreadable: (error: unknown) => void = rethrow,
): readonly Decision[] {
  const lines = ["decisions.1.jsonl", "decisions.jsonl"].flatMap((name) => {
    try {
      return linesOf(join(directory, name));
    } catch (error) {
      unreadable(error);
      return [];
    }
  });
  return lines.flatMap(decisionOf).slice(-count);
}

function rethrow(error: unknown): never {
  throw error;
}

/** The lines of a regular file, none when it is not there; of one that is longer than ours ever are, those at its end. */
function linesOf(path: string): readonly string[] {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return [];
    const bytes = Buffer.alloc(Math.min(stat.size, 2 * defaultLimit));
    const length = readSync(descriptor, bytes, 0, bytes.length, stat.size - bytes.length);
    return bytes.toString("utf8", 0, length).split("\n");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function decisionOf(line: string): readonly Decision[] {
  try {
    const value: unknown = JSON.parse(line);
    return isDecision(value) ? [value] : [];
  } catch {
    return []; // cut short by a crash
  }
}

/** Whole lines are this program's own, so the outline is enough to tell a decision from damage that parses. */
function isDecision(value: unknown): value is Decision {
  if (typeof value !== "object" || value === null) return false;
  const { number, wall, transition, trigger, evidence } = value as Readonly<Record<string, unknown>>;
  const outline = typeof number === "number" && typeof wall === "number" && Array.isArray(evidence);
  return outline && isObject(transition) && isObject(trigger);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
