// Rules for the `services` section: what the Linux Virtual Server accepts (ipvsadm(8), net/netfilter/ipvs/ip_vs_ctl.c),
// and what direct routing needs to reach a server.

import { findRepeats, type Inspection, type Rule } from "./inspection.ts";
import { contains, notAHost, parseIp } from "./ip.ts";
import { nodeNames } from "./node-rules.ts";
import { alternatives } from "./quote.ts";
import type { ServiceEntry } from "./service-schema.ts";
import type { Path } from "./source-tree.ts";

interface ServicePlace {
  readonly name: string;
  readonly service: ServiceEntry;
  readonly path: Path;
}

const servicesOf = ({ file }: Inspection): readonly ServicePlace[] =>
  Object.entries(file.services ?? {}).map(([name, service]) => ({ name, service, path: ["services", name] }));

function checkTarget({ service, path }: ServicePlace, { error, intact }: Inspection): void {
  const { address, port, protocol, fwmark, persistence } = service;
  if (fwmark !== undefined) {
    const given = { address, port, protocol };
    const extra = Object.entries(given).filter(([, value]) => value !== undefined);
    for (const [key] of extra) error([...path, key], `a service has either fwmark or ${key}, not both`);
    return;
  }
  if (!intact(...path, "address") || !intact(...path, "fwmark")) return;
  if (address === undefined) error(path, "a service needs an address (a VIP) or a fwmark");
  else if (port === undefined && persistence === undefined && intact(...path, "port"))
    error(path, "a service without a port takes all ports, which the kernel allows only with persistence");
}

function checkVirtualAddress({ service, path }: ServicePlace, { vips, error, intact }: Inspection): void {
  if (service.address === undefined || !intact("resources")) return;
  const owned = vips.map(({ resource }) => resource.address);
  if (owned.includes(service.address)) return;
  const known = owned.length === 0 ? "there is none" : `there are ${owned.join(", ")}`;
  error([...path, "address"], `${service.address} is not an address of any resource group; ${known}`);
}

/** Why a packet that is forwarded to `address` does not arrive; undefined when it does. */
function unreachable(address: string, forwarding: string, inspection: Inspection): string | undefined {
  const { interfaces, vips, line } = inspection;
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  const kind = notAHost(ip);
  if (kind !== undefined) return `is ${kind}, not that of a server`;
  const vip = vips.find(({ resource }) => resource.address === address);
  if (vip !== undefined) return `is a VIP (${line(vip.path)}): the service would forward to itself`;
  if (forwarding !== "direct") return undefined;
  const outside = nodeNames(inspection).find(
    (node) =>
      !interfaces.some(({ subnet, ...place }) => place.node === node && subnet && contains(subnet, ip)),
  );
  if (outside === undefined) return undefined;
  return `is in no subnet of ${outside}: direct forwarding needs the same link; use tunnel or nat`;
}

function checkServers(place: ServicePlace, inspection: Inspection): void {
  const { service, path } = place;
  const { error, line } = inspection;
  const { forwarding: usual = "direct", servers, fallback } = service;
  const targets = Object.entries(servers).map(([name, server]) => ({
    ...server,
    at: [...path, "servers", name],
    forwarding: server.forwarding ?? usual,
  }));
  if (targets.length === 0 && inspection.intact(...path, "servers"))
    error([...path, "servers"], "a service needs at least one server");
  if (fallback !== undefined) targets.push({ ...fallback, at: [...path, "fallback"], forwarding: usual });
  for (const { at, address, port, forwarding } of targets) {
    const wrong = unreachable(address, forwarding, inspection);
    if (wrong !== undefined) error([...at, "address"], `${address} ${wrong}`);
    if (port === undefined || port === service.port || forwarding === "nat") continue;
    const why = `${forwarding} forwarding leaves the port of a packet as it is`;
    error([...at, "port"], `${why}: the server's port is the service's (${service.port ?? "all"})`);
  }
  const named = Object.entries(servers).map(([name, { address, port }]) => {
    return [
      `${address} port ${port ?? service.port ?? "any"}`,
      [...path, "servers", name, "address"],
    ] as const;
  });
  findRepeats(named, (server, at, first) => error(at, `${server} is a server already (${line(first)})`));
}

/** Which keys only some types of check have. */
const checkKeys = {
  path: ["http", "https"],
  host: ["http", "https"],
  send: ["send"],
  command: ["command"],
  expect: ["http", "https", "send"],
} as const;

function checkCheck({ service, path }: ServicePlace, { error, intact }: Inspection): void {
  const { check } = service;
  if (check === undefined) return;
  const at = [...path, "check"];
  for (const [key, types] of Object.entries(checkKeys)) {
    const present = check[key as keyof typeof checkKeys] !== undefined;
    if (present && !types.some((type) => type === check.type))
      error([...at, key], `a check of type ${check.type} has no ${key}; ${alternatives(types)} has`);
  }
  if (check.type === "command" && check.command === undefined && intact(...at))
    error(at, "a check of type command needs the command");
  const program = check.command?.[0];
  if (program !== undefined && !program.startsWith("/"))
    error([...at, "command", 0], "the program of a check is given by its absolute path");
  const portless = Object.values(service.servers).some(({ port }) => port === undefined);
  const connects = check.type !== "ping" && check.type !== "command";
  if (connects && check.port === undefined && service.port === undefined && portless && intact(...path))
    error([...at, "type"], `a check of type ${check.type} needs a port: the service has none`);
  const { interval = 2000, timeout = 1000 } = check;
  if (timeout > interval && intact(...at)) {
    const key = check.timeout === undefined ? "interval" : "timeout";
    error([...at, key], "timeout must not be longer than interval: checks of one server do not overlap");
  }
}

const eachService: Rule = (inspection) => {
  for (const place of servicesOf(inspection)) {
    checkTarget(place, inspection);
    checkVirtualAddress(place, inspection);
    checkServers(place, inspection);
    checkCheck(place, inspection);
    const { persistence } = place.service;
    if (persistence !== undefined && persistence % 1000 !== 0)
      inspection.error([...place.path, "persistence"], "the kernel counts persistence in whole seconds");
  }
};

const distinctServices: Rule = (inspection) => {
  const targets = servicesOf(inspection).flatMap(({ service, path }): (readonly [string, Path])[] => {
    const { fwmark, address, port, protocol = "tcp" } = service;
    if (fwmark !== undefined) return [[`fwmark ${fwmark}`, path]];
    return address === undefined ? [] : [[`${protocol} ${address} port ${port ?? "any"}`, path]];
  });
  findRepeats(targets, (target, path, first) =>
    inspection.error(path, `${target} is the service ${first[1]} already (${inspection.line(first)})`),
  );
};

export const serviceRules: readonly Rule[] = [eachService, distinctServices];
