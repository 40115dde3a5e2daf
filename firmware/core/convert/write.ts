// A draft as the text of a cluster file, in the order and the layout in which people write one.

import type { Draft } from "./draft.ts";

/** Words that YAML 1.1 or 1.2 takes for something else than text. */
const meaning = /^(?:~|null|true|false|yes|no|on|off|y|n)$/i;

/** Plain where that is the same text, else in double quotes, whose escapes are JSON's (YAML 1.2.2, 5.7). */
function scalar(text: string): string {
  const plain = /^[A-Za-z/][\w./-]*$/.test(text) && !meaning.test(text);
  const number = /^\d+$/.test(text) || /^\d+(?:\.\d+){3}(?:\/\d+)?(?:\/[\w.-]+)*$/.test(text);
  return plain || number ? text : JSON.stringify(text);
}

const list = (texts: readonly string[]): string => `[${texts.map(scalar).join(", ")}]`;

export function writeClusterFile(draft: Draft, sources: readonly string[]): string {
  const lines = [
    `# Converted by pulsebox from ${sources.join(", ")}.`,
    "version: 1",
    `cluster: ${scalar(draft.cluster)}`,
    "nodes:",
    ...nodes(draft),
    "heartbeat:",
    ...[...draft.settings].map(([key, value]) => `  ${key}: ${value}`),
    "  media:",
    ...draft.media.map((medium) => `    - ${medium}`),
    "  auth:",
    ...keys(draft),
    ...pings(draft),
    ...clients(draft),
    ...groups(draft),
  ];
  return `${lines.join("\n")}\n`;
}

function nodes({ nodes: names, interfaces, places }: Draft): readonly string[] {
  return names.flatMap((node) => [
    `  ${scalar(node)}:`,
    interfaces.size === 0 ? "    interfaces: {}" : "    interfaces:",
    ...[...interfaces].map((name) => {
      const place = places.find((each) => each.node === node && each.interface === name);
      const gateway = place?.gateway === undefined ? "" : `, gateway: ${scalar(place.gateway)}`;
      return `      ${scalar(name)}: ${place === undefined ? "{}" : `{ address: ${scalar(place.address)}${gateway} }`}`;
    }),
  ]);
}

function keys({ keys: all, sendWith }: Draft): readonly string[] {
  return all.map(({ id, method, key }) => {
    const secret = key === undefined ? "" : `, key: ${JSON.stringify(key)}`;
    const sends = all.length > 1 && id === sendWith ? ", send: on" : "";
    return `    - { id: ${id}, method: ${scalar(method)}${secret}${sends} }`;
  });
}

function pings({ ping, pingGroups, ipfail }: Draft): readonly string[] {
  const members = [...pingGroups].map(([name, addresses]) => `    ${scalar(name)}: ${list(addresses)}`);
  return [
    ...(ping.length > 0 ? [`  ping: ${list(ping)}`] : []),
    ...(members.length > 0 ? ["  ping_group:", ...members] : []),
    ...(ipfail ? ["  ipfail: on"] : []),
  ];
}

function clients({ respawn }: Draft): readonly string[] {
  const each = respawn.map(
    ({ user, command }) => `    - { user: ${scalar(user)}, command: ${list(command)} }`,
  );
  return each.length > 0 ? ["  respawn:", ...each] : [];
}

function groups({ groups: all }: Draft): readonly string[] {
  const each = all.flatMap(({ node, words }) => [`  - node: ${scalar(node)}`, `    group: ${list(words)}`]);
  return each.length > 0 ? ["resources:", ...each] : [];
}
