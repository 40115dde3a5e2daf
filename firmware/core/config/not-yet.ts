// What a cluster file may say and this version does not do: accepted, so that one file serves every version, and
// warned about, so that nobody relies on it. A feature that arrives takes its row away.

import type { Inspection, Rule } from "./inspection.ts";
import type { Path } from "./source-tree.ts";

interface Row {
  readonly what: string;
  readonly places: (inspection: Inspection) => readonly Path[];
}

const trafficPaths = ({ resources }: Inspection) =>
  resources.flatMap(({ resource, path }) => (resource.kind === "traffic" ? [path] : []));

function ipv6Paths({ interfaces, vips }: Inspection): readonly Path[] {
  const own = interfaces.flatMap(({ subnet, path }) =>
    subnet?.address.family === 6 ? [[...path, "address"]] : [],
  );
  const moved = vips.flatMap(({ ip, path }) => (ip.family === 6 ? [path] : []));
  return [...own, ...moved];
}

const rows: readonly Row[] = [
  {
    what: "auto_failback: legacy among three nodes or more",
    places: ({ file: { heartbeat, nodes = {} } }) =>
      heartbeat?.auto_failback === "legacy" && Object.keys(nodes).length > 2
        ? [["heartbeat", "auto_failback"]]
        : [],
  },
  { what: "an IPv6 address", places: ipv6Paths },
  { what: "the resource traffic", places: trafficPaths },
  { what: "services", places: ({ file: { services } }) => (services === undefined ? [] : [["services"]]) },
];

const accepted: Rule = (inspection) => {
  for (const { what, places } of rows) {
    const message = `${what} is accepted, but this version does not run it yet`;
    for (const path of places(inspection)) inspection.warning(path, message);
  }
};

export const notYetRules: readonly Rule[] = [accepted];
