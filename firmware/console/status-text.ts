// The snapshot as an operator reads it on an 80 column console; everything in it is also in `status --json`.
// Words are heartbeat's: node and link states, who holds what.

import type {
  ClientSnapshot,
  GroupSnapshot,
  ItemSnapshot,
  LinkSnapshot,
  MemberSnapshot,
  PingNodeSnapshot,
  Snapshot,
} from "../core/snapshot.ts";

export function statusText(snapshot: Snapshot): string {
  const { cluster, self, phase, stable, generation } = snapshot;
  return [
    `cluster ${cluster}   node ${self}   ${phase}, ${stable ? "stable" : "not stable"}   generation ${generation}`,
    "",
    ...table([["NODE", "STATUS", "LINK", "STATE", "LAST HEARD"], ...snapshot.members.flatMap(memberRows)]),
    "",
    ...pingNodeTable(snapshot.pingNodes),
    ...table([["GROUP", "PREFERRED", "OWNER", "HERE"], ...snapshot.groups.flatMap(groupRows)]),
    "",
    ...clientTable(snapshot.clients),
    ...snapshot.members.flatMap(fencingText),
    ignoredText(snapshot),
    ...splitBrainText(snapshot),
    "",
  ].join("\n");
}

/** One row for each link; the node's own name and status stand in the first one only. */
function memberRows(member: MemberSnapshot): string[][] {
  const name = member.self ? `${member.name} (this node)` : member.name;
  const links = member.links.map(linkCells);
  const [first = ["-", "", ""], ...others] = links;
  return [[name, member.status, ...first], ...others.map((cells) => ["", "", ...cells])];
}

function linkCells(link: LinkSnapshot): string[] {
  return [link.medium, link.up ? "up" : "dead", heardText(link.lastHeardAgo)];
}

/** With the empty line behind it; nothing when the cluster file names no ping nodes. */
function pingNodeTable(nodes: readonly PingNodeSnapshot[]): string[] {
  if (nodes.length === 0) return [];
  const rows = nodes.map(({ name, members, status, lastHeardAgo, reachedBy }) => [
    members.includes(name) ? name : `${name} (${members.join(" ")})`,
    status,
    heardText(lastHeardAgo),
    reachedBy.join(" ") || "nobody",
  ]);
  return [...table([["PING NODE", "STATUS", "LAST HEARD", "REACHED BY"], ...rows]), ""];
}

function heardText(ago: number | undefined): string {
  return ago === undefined ? "never" : `${Math.round(ago)} ms ago`;
}

/** A group that is more than one address shows its items below it, each with its own state on this node. */
function groupRows(group: GroupSnapshot): string[][] {
  const name = group.addresses.join(" ") || "(no address)";
  const head = [name, group.preferred, group.owner ?? "none", group.here];
  const [only, ...others] = group.items;
  const plain = others.length === 0 && only?.reason === undefined && group.addresses.length === 1;
  return [head, ...(plain ? [] : group.items.map(itemRow))];
}

function itemRow({ word, state, reason }: ItemSnapshot): string[] {
  return [`  ${word}`, "", "", reason === undefined ? state : `${state} (${reason})`];
}

/** With the empty line behind it; nothing when the cluster file names no clients. */
function clientTable(clients: readonly ClientSnapshot[] = []): string[] {
  if (clients.length === 0) return [];
  const rows = clients.map(({ command, user, state, starts }) => [command, user, state, String(starts)]);
  return [...table([["CLIENT", "USER", "STATE", "STARTS"], ...rows]), ""];
}

function ignoredText({ ignored }: Snapshot): string {
  const { malformed, unauthenticated, replayed, foreignNode } = ignored;
  return `ignored frames: malformed ${malformed}, unauthenticated ${unauthenticated}, replayed ${replayed}, foreign node ${foreignNode}`;
}

/** The one thing in a status for which the cluster waits for people; with the empty line behind it. */
function fencingText({ name, fencing }: MemberSnapshot): string[] {
  if (fencing === undefined) return [];
  const { stage, attempts, failure, next = 0, by } = fencing;
  if (stage === "done") {
    return [by === "operator" ? `${name} was switched off by hand.` : `${name} was fenced.`, ""];
  }
  const doing =
    stage === "running"
      ? `attempt ${attempts} to fence it is under way`
      : `${attempts === 0 ? "fencing it begins" : "the next attempt to fence it begins"} in ${Math.ceil(next / 1000)} s`;
  return [
    `WAITING: ${name} is dead, and its groups are taken over when it has been fenced;`,
    `  ${doing}.`,
    ...(failure === undefined ? [] : [`  The last attempt failed: ${failure.replace(/\p{Cc}/gu, "?")}`]),
    `  If you have switched ${name} off yourself, say so:  pulsebox fenced ${name}`,
    "",
  ];
}

/** Nothing as long as there was none. */
function splitBrainText({ splitBrains: { count, last } }: Snapshot): string[] {
  if (last === undefined) return [];
  const when = new Date(last.wall * 1000).toISOString().slice(0, 19).replace("T", " ");
  const kept = last.verdicts.map(({ groups, winner }) => `${winner} kept ${groups.join(" and ")}`);
  return [`split brains: ${count}, the last at ${when} UTC with ${last.peer}: ${kept.join("; ")}`];
}

/** Columns as wide as their widest cell, two spaces apart; no trailing spaces. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
