// Address arithmetic for IPv4 and IPv6, pure: text forms of RFC 6943 (strict dotted decimal, no leading zeros, no
// hexadecimal) and RFC 4291, canonical output of RFC 5952, prefixes of RFC 4632.

export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Prefix {
  readonly address: Ip;
  readonly length: number;
}

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** The 16-bit groups of one side of "::"; a dotted IPv4 tail counts as two. */
function parseGroups(text: string): bigint[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const tail = parseIpv4(part);
      if (tail === undefined) return undefined;
      groups.push(tail >> 16n, tail & 0xffffn);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function parseIpv6(text: string): bigint | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "");
  const tail = halves[1] === undefined ? [] : parseGroups(halves[1]);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

export function parseIp(text: string): Ip | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return { family: 4, value: four };
  const six = text.includes(":") ? parseIpv6(text) : undefined;
  return six === undefined ? undefined : { family: 6, value: six };
}

/** "address/length"; host bits may be set. */
export function parsePrefix(text: string): Prefix | undefined {
  const [head = "", tail, ...rest] = text.split("/");
  const address = parseIp(head);
  if (address === undefined || tail === undefined || rest.length > 0) return undefined;
  if (!/^(0|[1-9]\d{0,2})$/.test(tail) || Number(tail) > bits(address.family)) return undefined;
  return { address, length: Number(tail) };
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  let from = -1;
  let longest = 1;
  for (let start = 0; start < 8; start++) {
    let run = 0;
    while (groups[start + run] === "0") run++;
    if (run > longest) {
      from = start;
      longest = run;
    }
  }
  if (from < 0) return groups.join(":");
  return `${groups.slice(0, from).join(":")}::${groups.slice(from + longest).join(":")}`;
}

/** The canonical text form. */
export function formatIp(ip: Ip): string {
  if (ip.family === 6) return formatIpv6(ip.value);
  return [24n, 16n, 8n, 0n].map((shift) => ((ip.value >> shift) & 0xffn).toString()).join(".");
}

const hostMask = (prefix: Prefix): bigint => (1n << BigInt(bits(prefix.address.family) - prefix.length)) - 1n;

/** The lowest address of the subnet. */
export function networkOf(prefix: Prefix): Ip {
  return { family: prefix.address.family, value: prefix.address.value & ~hostMask(prefix) };
}

/** The highest address of the subnet: IPv4's broadcast address. */
export function broadcastOf(prefix: Prefix): Ip {
  return { family: prefix.address.family, value: prefix.address.value | hostMask(prefix) };
}

export function contains(prefix: Prefix, ip: Ip): boolean {
  return ip.family === prefix.address.family && (ip.value | hostMask(prefix)) === broadcastOf(prefix).value;
}

export function sameIp(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

/** IPv4 subnets of two or fewer addresses have no network and broadcast address (RFC 3021). */
export function hasBroadcast(prefix: Prefix): boolean {
  return prefix.address.family === 4 && prefix.length < 31;
}

const within = (ip: Ip, text: string): boolean => {
  const prefix = parsePrefix(text);
  return prefix !== undefined && contains(prefix, ip);
};

export function isMulticast(ip: Ip): boolean {
  return within(ip, "224.0.0.0/4") || within(ip, "ff00::/8");
}

/** Why no host can have this address of its own (RFC 6890); undefined when one can. */
export function notAHost(ip: Ip): string | undefined {
  if (isMulticast(ip)) return "a multicast address";
  if (within(ip, "127.0.0.0/8") || within(ip, "::1/128")) return "a loopback address";
  if (within(ip, "0.0.0.0/8") || within(ip, "::/128")) return "an unspecified address";
  return within(ip, "240.0.0.0/4") ? "a reserved address" : undefined;
}
