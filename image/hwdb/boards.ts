// Reads the boards of hwdb/ and holds each to the schema and to the rules that a schema cannot say: the file is
// named after the board, every fact that is not a guess names a source, and softdog comes last.
// A board that breaks a rule is a mistake in this repository, not in the user's input; it is still reported whole.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Board } from "./schema.ts";

const HWDB = join(import.meta.dirname, "..", "..", "hwdb");

/** The names a cluster file may use as `profile`, sorted. */
export function boardNames(directory = HWDB): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/**
 * One board by name.
 * @throws Error naming the file and every rule it breaks, or the boards there are when the name is not one of them
 */
export function loadBoard(name: string, directory = HWDB): Board {
  const names = boardNames(directory);
  if (!names.includes(name)) throw new Error(`no board "${name}" in hwdb; there are ${names.join(", ")}`);
  const file = join(directory, `${name}.yaml`);
  const parsed = Board.safeParse(parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`hwdb/${name}.yaml: ${z.prettifyError(parsed.error)}`);
  const broken = brokenRules(name, parsed.data);
  if (broken.length > 0) throw new Error(`hwdb/${name}.yaml: ${broken.join("; ")}`);
  return parsed.data;
}

/** What the schema cannot express, in words; empty for a sound board. */
export function brokenRules(file: string, board: Board): string[] {
  const broken = board.name === file ? [] : [`name is "${board.name}" but the file is ${file}.yaml`];
  for (const [where, fact] of facts(board)) {
    const sources = fact.sources ?? [];
    if (fact.confidence === "guess" && sources.length > 0)
      broken.push(`${where} is a guess but names a source`);
    if (fact.confidence !== "guess" && sources.length === 0) broken.push(`${where} names no source`);
    for (const source of sources) {
      if (!(source in board.sources))
        broken.push(`${where} names source "${source}", which sources does not list`);
    }
  }
  const softdog = board.watchdogs.findIndex(({ module }) => module === "softdog");
  if (softdog !== -1 && softdog !== board.watchdogs.length - 1)
    broken.push("softdog is not the last watchdog");
  return broken;
}

type Provenance = Pick<Board["isa"], "confidence" | "sources">;

function facts(board: Board): [where: string, fact: Provenance][] {
  const single: [string, Provenance][] = [
    ["isa", board.isa],
    ["cpu", board.cpu],
    ["firmware", board.firmware],
    ["console", board.console],
  ];
  const lists = [
    "identification",
    "nics",
    "storage",
    "serial",
    "watchdogs",
    "modules",
    "left_out",
    "kernel_arguments",
    "quirks",
  ] as const;
  return [
    ...single,
    ...lists.flatMap((list) =>
      board[list].map((fact, index): [string, Provenance] => [`${list}[${index}]`, fact]),
    ),
  ];
}
