// `pulsebox check` and `pulsebox schema`: the cluster file looked at without touching anything else of the machine.

import { readFile } from "node:fs/promises";
import { checkClusterFile, type Diagnostic } from "../core/config/cluster-file.ts";
import { clusterFileJsonSchema } from "../core/config/json-schema.ts";
import { renderDiagnostics } from "../core/config/render.ts";
import type { Streams } from "./cli.ts";

interface CheckedFile {
  readonly file: string;
  readonly ok: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** What to say of it to people. */
  readonly text: string;
}

/** All files are checked; 1 if any has errors or cannot be read. */
export async function check(files: readonly string[], json: boolean, streams: Streams): Promise<number> {
  const results = await Promise.all(files.map(checkFile));
  if (json) {
    const plain = results.map(({ file, ok, diagnostics }) => ({ file, ok, diagnostics }));
    streams.out(`${JSON.stringify(plain, undefined, 2)}\n`);
  } else {
    for (const { ok, text } of results) (ok ? streams.out : streams.err)(text);
  }
  return results.every(({ ok }) => ok) ? 0 : 1;
}

export async function schema(streams: Streams): Promise<number> {
  streams.out(`${JSON.stringify(clusterFileJsonSchema(), undefined, 2)}\n`);
  return 0;
}

async function checkFile(file: string): Promise<CheckedFile> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return unreadable(file, error);
  }
  const { config, diagnostics } = checkClusterFile(text, file);
  const rendered = renderDiagnostics(diagnostics, text);
  if (config === undefined) return { file, ok: false, diagnostics, text: rendered };
  const names = config.nodes.map(({ name }) => name).join(", ");
  return { file, ok: true, diagnostics, text: `${rendered}${file}: cluster ${config.cluster}: ${names}\n` };
}

function unreadable(file: string, error: unknown): CheckedFile {
  // Without the system call and the path, which comes first: "ENOENT: no such file or directory".
  const reason = error instanceof Error ? error.message.replace(/, \w+( '.*')?$/s, "") : String(error);
  const message = `cannot be read: ${reason}`;
  const place = { file, line: 1, column: 1, endColumn: 1 };
  return {
    file,
    ok: false,
    diagnostics: [{ ...place, severity: "error", message }],
    text: `${file}: error: ${message}\n`,
  };
}
