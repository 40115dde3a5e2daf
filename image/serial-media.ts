// Which serial ports of a board may carry heartbeats: not its console, on which kernel and firmware speak, and none without
// a connector. The hardware database knows, the cluster file is held against it.

import { isScalar, parseDocument } from "yaml";
import type { ClusterConfig } from "../firmware/core/config/cluster.ts";
import { collectProblems, type Diagnostic } from "../firmware/core/config/diagnostics.ts";
import { loadBoard } from "./hwdb/boards.ts";
import type { Board } from "./hwdb/schema.ts";

/** Why heartbeats cannot use `device` on `board`; undefined when they can, or when the board's data does not name it. */
export function unfitPort(board: Board, device: string): string | undefined {
  const port = board.serial.find((each) => `/dev/${each.device}` === device);
  if (port === undefined || port.heartbeat) return undefined;
  const what = port.device === board.console.device ? "is its console" : "has no connector";
  const fit = board.serial.filter((each) => each.heartbeat).map((each) => `/dev/${each.device}`);
  const advice = fit.length === 0 ? "a USB adapter is /dev/ttyUSB0" : `free is ${fit.join(", ")}`;
  return `${board.name}: ${device} ${what} and carries no heartbeats; ${advice}`;
}

/**
 * Serial media on ports that a node's board cannot give them, each as an error at the medium in the file.
 * @param text the cluster file that `cluster` was read from
 * @param image the board of nodes that name none
 */
export function serialDiagnostics(
  text: string,
  file: string,
  cluster: ClusterConfig,
  image: Board,
): readonly Diagnostic[] {
  const problems = collectProblems(text, file);
  const document = parseDocument(text);
  const boards = new Set(cluster.nodes.map(({ profile }) => profile ?? image.name));
  for (const [index, medium] of cluster.heartbeat.media.entries()) {
    if (medium.kind !== "serial") continue;
    const place = document.getIn(["heartbeat", "media", index, "serial"], true);
    const range = isScalar(place) ? place.range : undefined;
    for (const name of boards) {
      const reason = unfitPort(loadBoard(name), medium.device);
      if (reason !== undefined) problems.error({ start: range?.[0] ?? 0, end: range?.[1] ?? 0 }, reason);
    }
  }
  return problems.list();
}
