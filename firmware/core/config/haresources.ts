// The words of a haresources line (heartbeat's haresources file and ResourceManager; resource scripts IPaddr and IPaddr2;
// OCF resource agent API 1.1): an address in its short forms, `traffic`, a script with arguments, or an OCF agent with
// parameters. IPaddr is implied when a word is an address.

import type { ResourceConfig } from "./cluster.ts";
import { formatIp, type Ip, parseIp } from "./ip.ts";
import { quote } from "./quote.ts";

export type WordReading =
  | { readonly ok: true; readonly resource: Exclude<ResourceConfig, { kind: "failover" }> }
  | { readonly ok: false; readonly reason: string };

type AddressResource = Extract<ResourceConfig, { kind: "address" }>;

const form = "ADDRESS[/PREFIX[/INTERFACE][/BROADCAST]]";
const ocfForm = "ocf:PROVIDER:AGENT[::NAME=VALUE]...";
const scripts = ["IPaddr::", "IPaddr2::", "IPv6addr::"] as const;

const refused = (reason: string): WordReading => ({ ok: false, reason });

/** A number of bits, or a netmask in dotted quads as IPaddr takes it too. */
function readPrefixLength(text: string, ip: Ip): number | undefined {
  const longest = ip.family === 4 ? 32 : 128;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text) <= longest ? Number(text) : undefined;
  const mask = ip.family === 4 ? parseIp(text) : undefined;
  if (mask?.family !== 4) return undefined;
  const bits = mask.value.toString(2).padStart(32, "0");
  const length = bits.indexOf("0") < 0 ? 32 : bits.indexOf("0");
  return length > 0 && !bits.slice(length).includes("1") ? length : undefined;
}

function readAddress(word: string, spec: string): WordReading {
  const [head = "", prefix, ...rest] = spec.split("/");
  const ip = parseIp(head);
  if (ip === undefined) return refused(`${quote(head)} is not an IPv4 or IPv6 address (${form})`);
  const bare = { kind: "address", word, address: formatIp(ip) } as const;
  if (prefix === undefined) return { ok: true, resource: bare };
  const prefixLength = readPrefixLength(prefix, ip);
  if (prefixLength === undefined) {
    const longest = ip.family === 4 ? 32 : 128;
    const mask = ip.family === 4 ? " or a netmask" : "";
    return refused(`${quote(prefix)} is not a prefix length of 1 to ${longest}${mask} (${form})`);
  }
  const tail = readTail(rest, ip);
  return typeof tail === "string"
    ? refused(tail)
    : { ok: true, resource: { ...bare, prefixLength, ...tail } };
}

type Tail = Pick<AddressResource, "interface" | "label" | "broadcast">;

/** What follows the prefix: an interface, a broadcast address, or both in this order. */
function readTail(rest: readonly string[], ip: Ip): string | Tail {
  const [first, second, ...more] = rest;
  if (more.length > 0) return `too many parts; an address is ${form}`;
  if (first === undefined) return {};
  const asAddress = parseIp(first);
  if (second === undefined && asAddress !== undefined) return broadcastPart(first, ip);
  const place = asAddress === undefined ? interfacePart(first) : undefined;
  if (place === undefined) return `${quote(first)} is not the name of a network interface (${form})`;
  if (second === undefined) return place;
  const broadcast = broadcastPart(second, ip);
  return typeof broadcast === "string" ? broadcast : { ...place, ...broadcast };
}

/** The kernel's rule for names (dev_valid_name), and IPaddr2's "eth0:web" that names the label too. */
function interfacePart(text: string): Tail | undefined {
  const match = /^(?=.*[A-Za-z])((?:(?![/:])[!-~]){1,15})(?::([A-Za-z0-9_-]+))?$/.exec(text);
  const [, name, label] = match ?? [];
  if (name === undefined || text.length > 15) return undefined;
  return label === undefined ? { interface: name } : { interface: name, label };
}

function broadcastPart(text: string, ip: Ip): string | { readonly broadcast: string } {
  const broadcast = parseIp(text);
  if (ip.family === 6) return `IPv6 has no broadcast addresses: leave ${quote(text)} out`;
  if (broadcast?.family !== 4) return `${quote(text)} is not an IPv4 broadcast address (${form})`;
  return { broadcast: formatIp(broadcast) };
}

function readOcf(word: string): WordReading {
  const [head = "", ...rest] = word.split("::");
  const match = /^ocf:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_.-]{1,64})$/.exec(head);
  const [, provider, agent] = match ?? [];
  if (provider === undefined || agent === undefined || /^\.+$/.test(agent))
    return refused(`${quote(head)} does not name an OCF agent (${ocfForm})`);
  const parameters: (readonly [string, string])[] = [];
  for (const text of rest) {
    const [, name, value = ""] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(text) ?? [];
    if (name === undefined) return refused(`${quote(text)} is not a parameter (${ocfForm})`);
    if (parameters.some(([known]) => known === name)) return refused(`the parameter ${name} is given twice`);
    parameters.push([name, value]);
  }
  return { ok: true, resource: { kind: "ocf", word, provider, agent, parameters } };
}

/** A name is looked up in the directories of resource scripts; a path is run as it is. */
const scriptName =
  /^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}|(?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9_.+@-]{1,64}){1,16})$/;

export function readWord(word: string): WordReading {
  if (/\s/.test(word)) return refused("a resource is one word; write each as an item of its own");
  if (word === "traffic") return { ok: true, resource: { kind: "traffic", word } };
  if (word.startsWith("ocf:")) return readOcf(word);
  const script = scripts.find((prefix) => word.startsWith(prefix));
  if (script !== undefined) return readAddress(word, word.slice(script.length));
  const head = word.split("/")[0] ?? "";
  if (parseIp(head) !== undefined || /^[\d.]*\d[\d.]*$/.test(head)) return readAddress(word, word);
  const [name = "", ...args] = word.split("::");
  if (!scriptName.test(name))
    return refused(`${quote(name)} is neither an address (${form}), traffic, nor the name of a script`);
  return { ok: true, resource: { kind: "script", word, name, args } };
}
