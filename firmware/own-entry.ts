// From the cluster file's path to this box's own entry in it, or to words on standard error that say why there is none.

import { readFile, stat } from "node:fs/promises";
import { words } from "./adapters/outcome.ts";
import type { Streams } from "./console/cli.ts";
import type { ClusterConfig, NodeConfig } from "./core/config/cluster.ts";
import { checkClusterFile } from "./core/config/cluster-file.ts";
import { type BoxFacts, identify } from "./core/config/identity.ts";
import { renderDiagnostics } from "./core/config/render.ts";

export interface OwnEntry {
  readonly config: ClusterConfig;
  readonly node: NodeConfig;
  /** What told that the entry is ours: "mac", "address", "--node". */
  readonly by: string;
}

/** `name`, when given, decides alone. */
export async function readOwnEntry(
  path: string,
  name: string | undefined,
  facts: BoxFacts,
  streams: Streams,
): Promise<OwnEntry | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    streams.err(`${path}: error: ${words(error)}\n`);
    return undefined;
  });
  if (text === undefined) return undefined;
  await warnOfReaders(path, streams);
  const { config, diagnostics } = checkClusterFile(text, path);
  if (diagnostics.length > 0) streams.err(renderDiagnostics(diagnostics, text));
  if (config === undefined) return undefined;
  if (name !== undefined) return named(config, name, path, streams);
  const identity = identify(config, facts);
  if (identity.ok) return { config, node: identity.node, by: identity.by };
  streams.err(`${path}: error: ${identity.reason}\n`);
  return undefined;
}

/** heartbeat does not start when others may read authkeys; this file may also be meant for their eyes, without its key. */
async function warnOfReaders(path: string, streams: Streams): Promise<void> {
  const mode = await stat(path).then(
    (file) => file.mode & 0o777,
    () => 0,
  );
  if ((mode & 0o004) === 0) return;
  const shown = mode.toString(8);
  streams.err(
    `${path}: warning: everybody may read the key of the cluster in it (mode ${shown}); chmod 600\n`,
  );
}

function named(config: ClusterConfig, name: string, path: string, streams: Streams): OwnEntry | undefined {
  const node = config.nodes.find((each) => each.name === name);
  if (node !== undefined) return { config, node, by: "--node" };
  const known = config.nodes.map((each) => each.name).join(", ");
  streams.err(`${path}: error: --node ${name}: cluster ${config.cluster} has only ${known}\n`);
  return undefined;
}
