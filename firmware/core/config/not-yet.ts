// What a cluster file may say and this version does not do: accepted, so that one file serves every version, and
// warned about, so that nobody relies on it. A feature that arrives takes its row away.

import { interfacesOf, type Rule } from "./inspection.ts";
import { resourcesOf } from "./resource-rules.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";

interface Row {
  readonly what: string;
  readonly places: (file: Remainder) => readonly Path[];
}

const mediumPaths = (kind: "serial" | "mcast") => (file: Remainder) =>
  (file.heartbeat?.media ?? []).flatMap((medium, index): readonly Path[] =>
    medium[kind] === undefined ? [] : [["heartbeat", "media", index, kind]],
  );

const heartbeatPath = (key: "ping" | "ping_group" | "respawn") => (file: Remainder) =>
  file.heartbeat?.[key] === undefined ? [] : [["heartbeat", key]];

const wordPaths = (kind: "traffic" | "script") => (file: Remainder) =>
  resourcesOf(file).flatMap(({ resource, path }) => (resource.kind === kind ? [path] : []));

function ipv6Paths(file: Remainder): readonly Path[] {
  const own = interfacesOf(file).flatMap(({ subnet, path }) =>
    subnet?.address.family === 6 ? [[...path, "address"]] : [],
  );
  const moved = resourcesOf(file).flatMap(({ resource, path }) =>
    resource.kind === "address" && resource.address.includes(":") ? [path] : [],
  );
  return [...own, ...moved];
}

const rows: readonly Row[] = [
  { what: "a serial medium", places: mediumPaths("serial") },
  { what: "a multicast medium", places: mediumPaths("mcast") },
  { what: "ping", places: heartbeatPath("ping") },
  { what: "ping_group", places: heartbeatPath("ping_group") },
  { what: "respawn", places: heartbeatPath("respawn") },
  {
    what: "ipfail",
    places: ({ heartbeat }) => (heartbeat?.ipfail === true ? [["heartbeat", "ipfail"]] : []),
  },
  {
    what: "auto_failback: legacy",
    places: ({ heartbeat }) =>
      heartbeat?.auto_failback === "legacy" ? [["heartbeat", "auto_failback"]] : [],
  },
  { what: "an IPv6 address", places: ipv6Paths },
  { what: "the resource traffic", places: wordPaths("traffic") },
  { what: "a resource script", places: wordPaths("script") },
  { what: "services", places: ({ services }) => (services === undefined ? [] : [["services"]]) },
];

const accepted: Rule = ({ file, warning }) => {
  for (const { what, places } of rows)
    for (const path of places(file))
      warning(path, `${what} is accepted, but this version does not run it yet`);
};

const someMediumRuns: Rule = ({ file, intact, error }) => {
  const media = file.heartbeat?.media;
  if (media === undefined || !intact("heartbeat", "media")) return;
  if (media.some(({ bcast, ucast }) => bcast !== undefined || ucast !== undefined)) return;
  error(["heartbeat", "media"], "none of these media runs in this version; add bcast or ucast");
};

export const notYetRules: readonly Rule[] = [accepted, someMediumRuns];
