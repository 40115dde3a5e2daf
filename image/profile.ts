// Which board an image is built for, and whether boards and image fit each other: the processor must be able to run
// Debian's amd64 kernel and Node, and the image must carry every module that the boards of its nodes ask for.

import { isScalar, parseDocument } from "yaml";
import type { ClusterConfig } from "../firmware/core/config/cluster.ts";
import { collectProblems, type Diagnostic } from "../firmware/core/config/diagnostics.ts";
import { loadBoard } from "./hwdb/boards.ts";
import type { Board } from "./hwdb/schema.ts";
import { wantedModules } from "./modules.ts";

export const defaultProfile = "generic-x86_64";

/** The profile that all nodes name, else the one that fits any 64-bit PC. */
export function profileFor(cluster: ClusterConfig): string {
  const named = new Set(cluster.nodes.map((node) => node.profile ?? defaultProfile));
  const [only] = named;
  return named.size === 1 && only !== undefined ? only : defaultProfile;
}

/** Why the image cannot run on `board`, or undefined when it can. */
export function cpuRefusal(board: Board): string | undefined {
  if (board.isa.value === "x86-64") return undefined;
  const guessed = board.isa.confidence === "guess" ? "probably " : "";
  return (
    `${board.name}: its CPU (${guessed}${board.isa.value}, ${board.cpu.value}) cannot run this image: ` +
    "Debian's amd64 kernel and Node need x86-64"
  );
}

/** Why an image for `image` does not serve a node of `board`, or undefined when it does. */
export function misfit(image: Board, board: Board): string | undefined {
  const carried = new Set(wantedModules(image));
  const lacking = wantedModules(board).filter((module) => !carried.has(module));
  if (lacking.length === 0) return undefined;
  return `${board.name} needs modules that an image for ${image.name} lacks: ${lacking.join(", ")}`;
}

/**
 * The nodes whose profile an image for `image` cannot serve, each as an error at that profile in the file.
 * @param text the cluster file that `cluster` was read from
 */
export function profileDiagnostics(
  text: string,
  file: string,
  cluster: ClusterConfig,
  image: Board,
): readonly Diagnostic[] {
  const problems = collectProblems(text, file);
  const document = parseDocument(text);
  for (const { name, profile } of cluster.nodes) {
    if (profile === undefined) continue;
    const board = loadBoard(profile);
    const reason = cpuRefusal(board) ?? misfit(image, board);
    if (reason === undefined) continue;
    const place = document.getIn(["nodes", name, "profile"], true);
    const range = isScalar(place) ? place.range : undefined;
    problems.error({ start: range?.[0] ?? 0, end: range?.[1] ?? 0 }, reason);
  }
  return problems.list();
}
