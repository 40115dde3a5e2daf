// The words of a haresources line (heartbeat's haresources file; resource script IPaddr): an address in its short
// forms, `traffic`, or a script with arguments. IPaddr is implied when a word is an address.

import type { ResourceConfig } from "./cluster.ts";
import { formatIp, type Ip, parseIp } from "./ip.ts";
import { quote } from "./quote.ts";

export type WordReading =
  | { readonly ok: true; readonly resource: ResourceConfig }
  | { readonly ok: false; readonly reason: string };

const form = "ADDRESS[/PREFIX[/INTERFACE][/BROADCAST]]";
const scripts = ["IPaddr::", "IPaddr2::", "IPv6addr::"] as const;

const refused = (reason: string): WordReading => ({ ok: false, reason });

function readPrefixLength(text: string, ip: Ip): number | undefined {
  const longest = ip.family === 4 ? 32 : 128;
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) <= longest ? Number(text) : undefined;
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
    return refused(`${quote(prefix)} is not a prefix length of 1 to ${longest} (${form})`);
  }
  const tail = readTail(rest, ip);
  return typeof tail === "string"
    ? refused(tail)
    : { ok: true, resource: { ...bare, prefixLength, ...tail } };
}

/** What follows the prefix: an interface, a broadcast address, or both in this order. */
function readTail(
  rest: readonly string[],
  ip: Ip,
): string | { readonly interface?: string; readonly broadcast?: string } {
  const [first, second, ...more] = rest;
  if (more.length > 0) return `too many parts; an address is ${form}`;
  if (first === undefined) return {};
  const asAddress = parseIp(first);
  if (second === undefined && asAddress !== undefined) return broadcastPart(first, ip);
  if (asAddress !== undefined || !/^(?=.*[A-Za-z])(?:(?![/:])[!-~]){1,15}$/.test(first))
    return `${quote(first)} is not the name of a network interface (${form})`;
  if (second === undefined) return { interface: first };
  const broadcast = broadcastPart(second, ip);
  return typeof broadcast === "string" ? broadcast : { interface: first, ...broadcast };
}

function broadcastPart(text: string, ip: Ip): string | { readonly broadcast: string } {
  const broadcast = parseIp(text);
  if (ip.family === 6) return `IPv6 has no broadcast addresses: leave ${quote(text)} out`;
  if (broadcast?.family !== 4) return `${quote(text)} is not an IPv4 broadcast address (${form})`;
  return { broadcast: formatIp(broadcast) };
}

export function readWord(word: string): WordReading {
  if (/\s/.test(word)) return refused("a resource is one word; write each as an item of its own");
  if (word === "traffic") return { ok: true, resource: { kind: "traffic", word } };
  const script = scripts.find((prefix) => word.startsWith(prefix));
  if (script !== undefined) return readAddress(word, word.slice(script.length));
  const head = word.split("/")[0] ?? "";
  if (parseIp(head) !== undefined || /^[\d.]+$/.test(head)) return readAddress(word, word);
  const [name = "", ...args] = word.split("::");
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$/.test(name))
    return refused(`${quote(name)} is neither an address (${form}), traffic, nor the name of a script`);
  return { ok: true, resource: { kind: "script", word, name, args } };
}
