// What `ha` and `worker` say to each other over the unix socket between them: one JSON value per line. `ha` gives the complete
// list of checks; the worker tells verdicts, and that it is alive when it has none. Each side takes only what has the right
// form: the worker reads what strangers send, so that its own words are read like a stranger's.

import { isIP } from "node:net";
import type { CheckSpec } from "../core/program.ts";

/** From `ha`: replaces the list. */
export interface WantedChecks {
  readonly checks: readonly CheckSpec[];
}

/** From the worker: one attempt of the check `id`; `detail` is one line for people. */
export interface Verdict {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** From the worker, every `aliveInterval` milliseconds. */
export interface Alive {
  readonly alive: true;
}

export const aliveInterval = 2_000;
/** Characters of a detail; longer ones are cut where they are made. */
export const longestDetail = 200;
/** Characters of a line to `ha`: an id and a detail, with room for JSON's escapes. */
const longestReport = 4_096;
/** Characters of a line to the worker: some ten thousand checks. */
const longestList = 4 * 1024 * 1024;

export function encode(message: WantedChecks | Verdict | Alive): string {
  return `${JSON.stringify(message)}\n`;
}

/** What the worker said; undefined when it is nothing that a worker says. */
export function decodeReport(line: string): Verdict | Alive | undefined {
  const value = parse(line);
  if (value === undefined) return undefined;
  if (value.alive === true) return { alive: true };
  const { id, ok, detail } = value;
  const sound = typeof id === "string" && typeof ok === "boolean" && typeof detail === "string";
  return sound && detail.length <= longestDetail ? { id, ok, detail } : undefined;
}

/** What `ha` wants; throws on anything else, because it comes from a program of the same file. */
export function decodeWanted(line: string): WantedChecks {
  const checks = parse(line)?.checks;
  if (!Array.isArray(checks) || !checks.every(isCheck)) throw new Error(`no list of checks: ${line}`);
  return { checks };
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isCheck(value: unknown): value is CheckSpec {
  if (typeof value !== "object" || value === null) return false;
  const { id, address, port, send, expect, interval, timeout }: Readonly<Record<string, unknown>> = {
    ...value,
  };
  return (
    typeof id === "string" &&
    typeof address === "string" &&
    isIP(address) !== 0 &&
    [port, interval, timeout].every((number) => typeof number === "number" && number > 0) &&
    [send, expect].every((text) => text === undefined || typeof text === "string")
  );
}

/** Cuts a stream of text into lines of a bounded length. */
export class LineCutter {
  readonly #longest: number;
  #rest = "";

  private constructor(longest: number) {
    this.#longest = longest;
  }

  static ofReports(): LineCutter {
    return new LineCutter(longestReport);
  }

  static ofLists(): LineCutter {
    return new LineCutter(longestList);
  }

  /** The lines that `text` completes; undefined when one is longer than any message is. */
  cut(text: string): readonly string[] | undefined {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return [this.#rest, ...lines].some((line) => line.length > this.#longest) ? undefined : lines;
  }
}
