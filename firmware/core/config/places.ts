// The things that rules of several sections look at, found once: interfaces, resources and VIPs with their places.

import type { ResourceConfig } from "./cluster.ts";
import { readWord } from "./haresources.ts";
import { type Ip, type Prefix, parseIp } from "./ip.ts";
import type { Remainder } from "./schema.ts";
import type { Path } from "./source-tree.ts";

export interface InterfacePlace {
  readonly node: string;
  readonly name: string;
  readonly path: Path;
  readonly subnet?: Prefix;
  readonly gateway?: Ip;
}

/** What a word says; a failover service only by its name. */
export type WordResource =
  | Exclude<ResourceConfig, { kind: "failover" }>
  | { readonly kind: "failover"; readonly word: string };

export interface ResourcePlace {
  readonly resource: WordResource;
  readonly path: Path;
}

export interface VipPlace {
  readonly ip: Ip;
  readonly resource: Extract<ResourceConfig, { kind: "address" }>;
  readonly path: Path;
}

/** All in the order of the file. */
export interface Places {
  readonly interfaces: readonly InterfacePlace[];
  /** The words of all groups that can be read. */
  readonly resources: readonly ResourcePlace[];
  readonly vips: readonly VipPlace[];
}

function interfacesOf(file: Remainder): readonly InterfacePlace[] {
  return Object.entries(file.nodes ?? {}).flatMap(([node, { interfaces }]) =>
    Object.entries(interfaces).map(([name, { address, gateway }]) => {
      const ip = address === undefined ? undefined : parseIp(address.address);
      const via = gateway === undefined ? undefined : parseIp(gateway);
      return {
        node,
        name,
        path: ["nodes", node, "interfaces", name],
        ...(ip === undefined || address === undefined
          ? {}
          : { subnet: { address: ip, length: address.prefixLength } }),
        ...(via === undefined ? {} : { gateway: via }),
      };
    }),
  );
}

function resourcesOf(file: Remainder): readonly ResourcePlace[] {
  return (file.resources ?? []).flatMap(({ group }, index) =>
    group.flatMap((word, position): readonly ResourcePlace[] => {
      const path = ["resources", index, "group", position];
      if (file.failover?.[word] !== undefined) return [{ resource: { kind: "failover", word }, path }];
      const reading = readWord(word);
      return reading.ok ? [{ resource: reading.resource, path }] : [];
    }),
  );
}

export function findPlaces(file: Remainder): Places {
  const resources = resourcesOf(file);
  const vips = resources.flatMap(({ resource, path }) => {
    const ip = resource.kind === "address" ? parseIp(resource.address) : undefined;
    return ip === undefined || resource.kind !== "address" ? [] : [{ ip, resource, path }];
  });
  return { interfaces: interfacesOf(file), resources, vips };
}
