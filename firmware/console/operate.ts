// The operator's commands: each is one request to the daemon of this box and a few words about its answer.

import type { ResourceScope } from "../core/event.ts";
import type { Snapshot } from "../core/snapshot.ts";
import type { Streams } from "./cli.ts";
import { askDaemon } from "./operator-client.ts";
import { statusText } from "./status-text.ts";

export async function status(path: string, json: boolean, streams: Streams): Promise<number> {
  const { error, snapshot } = await askDaemon(path, { command: "status" });
  if (snapshot === undefined) throw new Error(error ?? `pulsebox ha at ${path} answered without a snapshot`);
  streams.out(json ? `${JSON.stringify(snapshot, undefined, 2)}\n` : statusText(snapshot));
  return 0;
}

/** Answered at once: what it leads to is seen in the status. */
export async function cleanUp(path: string, streams: Streams): Promise<number> {
  const { error, snapshot } = await askDaemon(path, { command: "cleanup" });
  if (error !== undefined) throw new Error(`cleanup: ${error}`);
  if (snapshot !== undefined) streams.out(ownersText(snapshot));
  return 0;
}

/** Ends when the daemon has done it or refused it. */
export async function move(
  command: "takeover" | "standby",
  scope: ResourceScope,
  path: string,
  streams: Streams,
): Promise<number> {
  const { error, snapshot } = await askDaemon(path, { command, scope });
  if (error !== undefined) throw new Error(`${command} ${scope}: ${error}`);
  if (snapshot !== undefined) streams.out(ownersText(snapshot));
  return 0;
}

/** Ends when the daemon has taken the file's keys or refused it. */
export async function reload(path: string, streams: Streams): Promise<number> {
  const { error } = await askDaemon(path, { command: "reload" });
  if (error !== undefined) throw new Error(`reload: ${error}`);
  streams.out("The keys of the cluster file are in use.\n");
  return 0;
}

export async function forget(node: string, path: string, streams: Streams): Promise<number> {
  const { error } = await askDaemon(path, { command: "forget", node });
  if (error !== undefined) throw new Error(`forget ${node}: ${error}`);
  streams.out(`Whatever ${node} says first is accepted.\n`);
  return 0;
}

/** Nothing can be checked of it here: it is the operator's word. */
export async function confirmFenced(node: string, path: string, streams: Streams): Promise<number> {
  const { error } = await askDaemon(path, { command: "fenced", node });
  if (error !== undefined) throw new Error(`fenced ${node}: ${error}`);
  streams.out(`${node} counts as switched off; its groups are taken over now\n`);
  return 0;
}

/** One line for each group: who owns it now. */
function ownersText({ groups }: Snapshot): string {
  return groups
    .map(
      (group) =>
        `${group.addresses.join(" ") || group.items.map(({ word }) => word).join(" ")}: ${group.owner ?? "none"} (here ${group.here})\n`,
    )
    .join("");
}
