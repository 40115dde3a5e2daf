// Which entry of the cluster file is this box: found by what it is (MAC address), then by what it already has (an
// address), then by what its board says (DMI serial), then by its host name. The first kind of fact that fits decides.

import type { ClusterConfig, NodeConfig } from "./cluster.ts";
import { formatIp, parseIp } from "./ip.ts";

/** What was found on the box. */
export interface BoxFacts {
  readonly macs: readonly { readonly interface: string; readonly mac: string }[];
  /** Without prefix length. */
  readonly addresses: readonly string[];
  /** DMI product serial. */
  readonly serial?: string;
  readonly hostName?: string;
}

export type IdentifiedBy = "mac" | "address" | "serial" | "host name";

export type Identity =
  | { readonly ok: true; readonly node: NodeConfig; readonly by: IdentifiedBy }
  | { readonly ok: false; readonly reason: string };

interface Criterion {
  readonly by: IdentifiedBy;
  readonly fits: (node: NodeConfig, facts: BoxFacts) => boolean;
}

const canonical = (address: string): string => {
  const ip = parseIp(address.split("/")[0] ?? "");
  return ip === undefined ? address : formatIp(ip);
};

const criteria: readonly Criterion[] = [
  {
    by: "mac",
    fits: ({ identity }, { macs }) => macs.some(({ mac }) => mac.toLowerCase() === identity.mac),
  },
  {
    by: "address",
    fits: ({ interfaces }, { addresses }) =>
      interfaces.some(({ address }) => address && addresses.map(canonical).includes(address.address)),
  },
  {
    by: "serial",
    fits: ({ identity }, { serial }) => identity.serial !== undefined && identity.serial === serial?.trim(),
  },
  { by: "host name", fits: ({ name }, { hostName }) => name === hostName?.toLowerCase() },
];

const list = (words: readonly string[]): string => (words.length === 0 ? "none" : words.join(", "));

function found({ macs, addresses, serial, hostName }: BoxFacts): string {
  const cards = macs.map(({ interface: name, mac }) => `${name} ${mac}`);
  const facts = [`MAC addresses ${list(cards)}`, `addresses ${list(addresses)}`];
  return [...facts, `serial ${serial ?? "none"}`, `host name ${hostName ?? "none"}`].join("; ");
}

function allowed({ nodes }: ClusterConfig): string {
  const entries = nodes.map(({ name, identity, interfaces }) => {
    const addresses = interfaces.flatMap(({ address }) => (address === undefined ? [] : [address.address]));
    const mac = identity.mac === undefined ? [] : [`MAC ${identity.mac}`];
    const serial = identity.serial === undefined ? [] : [`serial ${identity.serial}`];
    const address = addresses.length === 0 ? [] : [`addresses ${addresses.join(", ")}`];
    const facts = [...mac, ...address, ...serial];
    return facts.length === 0 ? name : `${name} (${facts.join("; ")})`;
  });
  return entries.join(", ");
}

export function identify(config: ClusterConfig, facts: BoxFacts): Identity {
  const both = `this box has ${found(facts)}; the file has ${allowed(config)}`;
  for (const { by, fits } of criteria) {
    const [node, ...more] = config.nodes.filter((candidate) => fits(candidate, facts));
    if (node === undefined) continue;
    if (more.length === 0) return { ok: true, node, by };
    const names = [node, ...more].map(({ name }) => name).join(" and ");
    return {
      ok: false,
      reason: `more than one node of cluster ${config.cluster} fits by ${by}, ${names}: ${both}`,
    };
  }
  return { ok: false, reason: `no node of cluster ${config.cluster} fits: ${both}` };
}
