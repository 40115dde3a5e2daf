// The operator's side of the unix socket: one request line, one answer line (firmware/ports/operator.ts).

import { connect } from "node:net";
import type { Decision } from "../core/decision.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { DoorRequest } from "../ports/operator.ts";

export interface Answer {
  readonly error?: string;
  /** Absent when the daemon did not understand the request. */
  readonly snapshot?: Snapshot;
  /** Of `why`, oldest first. */
  readonly decisions?: readonly Decision[];
}

export const defaultSocket = "/run/pulsebox/ha.sock";

/** What it means that nobody answers, and what to do about it, by errno's name (connect(2), unix(7)). */
const remedies: Readonly<Record<string, string>> = {
  ENOENT: "it does not run here: start its service, or name its socket with --socket",
  ECONNREFUSED: "it was killed or has crashed: its log says more; start its service",
  EACCES: "only its own user may ask it: become root",
  EPERM: "only its own user may ask it: become root",
};

/** What a daemon that lives answers within, ms, on a busy machine too; a move takes as long as its scripts. */
const usualPatience = 10_000;

/** Rejects when no daemon answers at `path`, or not in time; the message says what to look at. */
export function askDaemon(path: string, request: DoorRequest, patience = usualPatience): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const connection = connect(path);
    const moves = request.command === "takeover" || request.command === "standby";
    if (!moves) {
      const late = `nothing within ${patience / 1000} s: it hangs, and its log says more`;
      connection.setTimeout(patience, () => connection.destroy(new Error(late)));
    }
    let received = "";
    connection.setEncoding("utf8");
    connection.on("connect", () => connection.write(`${JSON.stringify(request)}\n`));
    connection.on("error", (error: NodeJS.ErrnoException) =>
      reject(new Error(`no pulsebox ha answers at ${path}: ${whyNot(error)}`)),
    );
    connection.on("data", (chunk: string) => {
      received += chunk;
      const end = received.indexOf("\n");
      if (end < 0) return;
      connection.end();
      resolve(JSON.parse(received.slice(0, end)) as Answer);
    });
    connection.on("end", () => reject(new Error(`pulsebox ha at ${path} ended before it answered`)));
  });
}

/** By errno's name; what has none is a sentence already. */
function whyNot({ code = "", message }: NodeJS.ErrnoException): string {
  const remedy = remedies[code];
  return remedy === undefined ? message : `${code} (${remedy})`;
}
