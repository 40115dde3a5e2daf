// The cluster file as the builder and `flash` take it: checked in full by the same code as on the box, then held
// against the board that the image is for. A file with errors goes no further; all of them are shown at once.

import { readFile } from "node:fs/promises";
import type { ClusterConfig } from "../firmware/core/config/cluster.ts";
import { checkClusterFile } from "../firmware/core/config/cluster-file.ts";
import { clusterFileJsonSchema } from "../firmware/core/config/json-schema.ts";
import { renderDiagnostics } from "../firmware/core/config/render.ts";
import { boxWarnings, fencesByIpmi, ipmiDiagnostics } from "./fencing-program.ts";
import { boardNames, loadBoard } from "./hwdb/boards.ts";
import type { Board } from "./hwdb/schema.ts";
import { cpuRefusal, profileDiagnostics, profileFor } from "./profile.ts";
import { ImageError } from "./run.ts";
import { serialDiagnostics } from "./serial-media.ts";

export interface CheckedCluster {
  /** As the user named it. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly text: string;
  readonly config: ClusterConfig;
  /** Rendered diagnostics that are no errors; empty when there are none. */
  readonly warnings: string;
}

/**
 * Reads and checks a cluster file.
 * @throws ImageError with the rendered diagnostics, or why it cannot be read
 */
export async function readCluster(file: string): Promise<CheckedCluster> {
  if (!/\.ya?ml$/i.test(file)) throw new ImageError(`${file}: a cluster file's name ends in .yaml`);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new ImageError(`${file}: cannot read the cluster file: ${error.code ?? error.message}`);
  });
  const text = bytes.toString("utf8");
  const { config, diagnostics } = checkClusterFile(text, file, { boards: boardNames() });
  if (config === undefined) throw new ImageError(renderDiagnostics(diagnostics, text).trimEnd());
  const warnings = renderDiagnostics([...diagnostics, ...boxWarnings(text, file, config)], text);
  return { file, bytes, text, config, warnings };
}

/**
 * The board to build for: `requested`, or what the nodes name.
 * @throws ImageError when there is no such board, its processor cannot run the image, or a node's board does not fit it
 */
export function boardFor(cluster: CheckedCluster, requested: string | undefined): Board {
  if (requested !== undefined) {
    if (!boardNames().includes(requested)) {
      throw new ImageError(`no profile "${requested}"; there are ${boardNames().join(", ")}`);
    }
    const refusal = cpuRefusal(loadBoard(requested));
    if (refusal !== undefined) throw new ImageError(refusal);
  }
  const board = loadBoard(requested ?? profileFor(cluster.config));
  requireFit(cluster, board, fencesByIpmi(cluster.config));
  return board;
}

/**
 * Holds the cluster file against an image for the board `image`, with or without ipmitool.
 * @throws ImageError with a diagnostic for each board, serial medium and fencing that such an image cannot serve
 */
export function requireFit(cluster: CheckedCluster, image: Board, ipmitool: boolean): void {
  const { text, file, config } = cluster;
  const diagnostics = [
    ...profileDiagnostics(text, file, config, image),
    ...serialDiagnostics(text, file, config, image),
    ...(ipmitool ? [] : ipmiDiagnostics(text, file, config)),
  ];
  if (diagnostics.length > 0) throw new ImageError(renderDiagnostics(diagnostics, cluster.text).trimEnd());
}

/** The JSON Schema that goes into the image, as text. */
export const clusterSchemaText = () => `${JSON.stringify(clusterFileJsonSchema(), null, 1)}\n`;
