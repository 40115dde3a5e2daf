// The way from the text of a cluster file to its configuration: text, YAML, schema, rules, normal form. Every step
// reports what it finds and goes on with what is left, so that one look shows all mistakes.

import type { ClusterConfig } from "./cluster.ts";
import { collectProblems, type Diagnostic, type Problems } from "./diagnostics.ts";
import { fencingRules } from "./fencing-rules.ts";
import { heartbeatRules } from "./heartbeat-rules.ts";
import type { Inspection, Knowledge } from "./inspection.ts";
import { findings, reportFindings } from "./issues.ts";
import { mediaRules } from "./media-rules.ts";
import { nodeRules } from "./node-rules.ts";
import { normalize } from "./normalize.ts";
import { notYetRules } from "./not-yet.ts";
import { findPlaces } from "./places.ts";
import { readYaml } from "./read-yaml.ts";
import { resourceRules } from "./resource-rules.ts";
import { type ClusterFile, clusterFile, type Remainder, remainder } from "./schema.ts";
import { serviceRules } from "./service-rules.ts";
import { checkSourceText } from "./source-text.ts";
import { type Path, prune, type SourceNode, spanAt, toPlain } from "./source-tree.ts";

export type { Diagnostic, DiagnosticSeverity } from "./diagnostics.ts";
export type { Knowledge } from "./inspection.ts";

export interface CheckedClusterFile {
  /** Present when no diagnostic is an error. */
  readonly config?: ClusterConfig;
  /** Sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
}

const rules = [
  ...nodeRules,
  ...fencingRules,
  ...heartbeatRules,
  ...mediaRules,
  ...resourceRules,
  ...serviceRules,
  ...notYetRules,
];

interface Shape {
  /** All of it, when the schema found nothing wrong. */
  readonly whole?: ClusterFile;
  readonly rest: Remainder;
  /** Where something was taken out. */
  readonly damage: readonly Path[];
}

/** Taking out a value can make its surroundings wrong in turn (an empty medium), but each time something is taken out. */
const mostRounds = 10;

/** Reports what the schema refuses, takes it out of `root`, and returns what is left. */
function checkShape(root: SourceNode, sureUntil: number, problems: Problems): Shape {
  const parsed = clusterFile.safeParse(toPlain(root));
  if (parsed.success) return { whole: parsed.data, rest: parsed.data, damage: [] };
  let found = findings(parsed.error.issues, root, clusterFile);
  reportFindings(found, sureUntil, problems);
  const damage = found.map(({ path }) => path);
  // A key that is missing takes its surroundings with it only where the rest cannot be understood without it.
  const present = found.filter(({ missing }) => !missing);
  damage.push(
    ...prune(
      root,
      present.map(({ path }) => path),
    ),
  );
  for (let round = 0; round < mostRounds; round++) {
    const again = remainder.safeParse(toPlain(root));
    if (again.success) return { rest: again.data, damage };
    found = findings(again.error.issues, root, remainder);
    const paths = found.map(({ path }) => path);
    damage.push(...paths, ...prune(root, paths));
  }
  return { rest: {}, damage: [[]] };
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.every((step, index) => path[index] === step);
}

/** Problems that lie behind a syntax error are its consequences, more often than not. */
function inspect(
  root: SourceNode,
  shape: Shape,
  sureUntil: number,
  knowledge: Knowledge,
  problems: Problems,
): Inspection {
  const sure = (path: Path): boolean => spanAt(root, path).end < sureUntil;
  return {
    ...findPlaces(shape.rest),
    file: shape.rest,
    knowledge,
    error: (path, message, suggestion) => {
      if (sure(path)) problems.error(spanAt(root, path), message, suggestion);
    },
    warning: (path, message, suggestion) => {
      if (sure(path)) problems.warning(spanAt(root, path), message, suggestion);
    },
    line: (path) => `line ${problems.line(spanAt(root, path).start)}`,
    intact: (...path) =>
      sureUntil === Number.POSITIVE_INFINITY &&
      !shape.damage.some((taken) => startsWith(taken, path) || startsWith(path, taken)),
    complete: (...path) =>
      sureUntil === Number.POSITIVE_INFINITY &&
      !shape.damage.some(
        (taken) => startsWith(path, taken) || (startsWith(taken, path) && taken.length === path.length + 1),
      ),
  };
}

/**
 * Checks the text of a cluster file; never throws. `file` is the name that the diagnostics carry.
 * `knowledge.boards`, when given, are the only profiles allowed.
 */
export function checkClusterFile(text: string, file: string, knowledge: Knowledge = {}): CheckedClusterFile {
  const problems = collectProblems(text, file);
  const whole = checkSourceText(text, problems) ? checkContent(text, knowledge, problems) : undefined;
  const diagnostics = problems.list();
  const good = whole !== undefined && diagnostics.every(({ severity }) => severity !== "error");
  return good ? { config: normalize(whole), diagnostics } : { diagnostics };
}

function checkContent(text: string, knowledge: Knowledge, problems: Problems): ClusterFile | undefined {
  const { root, sureUntil } = readYaml(text, problems);
  if (root === undefined) {
    if (sureUntil === Number.POSITIVE_INFINITY)
      problems.error({ start: 0, end: 1 }, 'the file is empty; a cluster file begins with "version: 1"');
    return undefined;
  }
  const shape = checkShape(root, sureUntil, problems);
  const inspection = inspect(root, shape, sureUntil, knowledge, problems);
  for (const rule of rules) rule(inspection);
  return shape.whole;
}
