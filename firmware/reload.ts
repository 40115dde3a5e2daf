// `pulsebox reload` and SIGHUP, as heartbeat -r: the cluster file is read and checked again, and the daemon told what it says.

import { readFile } from "node:fs/promises";
import { words } from "./adapters/outcome.ts";
import type { ClusterConfig } from "./core/config/cluster.ts";
import { checkClusterFile } from "./core/config/cluster-file.ts";
import { renderDiagnostics } from "./core/config/render.ts";
import type { OperatorAnswer } from "./ports/operator.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** `answer` is called once: without an error when the daemon runs with what the file says. */
export async function reloadClusterFile(
  path: string,
  runtime: Pick<Runtime<never>, "request">,
  answer: (answer: OperatorAnswer) => void,
): Promise<void> {
  const read = await readClusterFile(path);
  if ("config" in read) runtime.request({ command: "reload", cluster: read.config }, answer);
  else runtime.request({ command: "status" }, ({ snapshot }) => answer({ error: read.error, snapshot }));
}

async function readClusterFile(
  path: string,
): Promise<{ readonly config: ClusterConfig } | { readonly error: string }> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    return { error: `${path}: ${words(error)}` };
  }
  const { config, diagnostics } = checkClusterFile(text, path);
  if (config !== undefined) return { config };
  return {
    error: `nothing is changed, the file has errors\n${renderDiagnostics(diagnostics, text).trimEnd()}`,
  };
}
