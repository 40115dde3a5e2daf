// The single values of a cluster file. Each schema's error text is a phrase that completes "… is not": what the value
// must be, for people; the message around it is made where the place is known.

import * as z from "zod";
import { formatDuration, parseDuration } from "./duration.ts";
import { formatIp, parseIp, parsePrefix } from "./ip.ts";

/** Text that `parse` turns into a value; undefined refuses it. */
function parsed<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string({ error: expected }).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

const matching = (expected: string, pattern: RegExp) => {
  // The error is for both: a value of another type, and text of another form.
  return z.string({ error: expected }).regex(pattern, { error: expected });
};

/** RFC 1123 host name in lower case: heartbeat sends names in lower case and refuses others; it keeps them below 100. */
export const nodeName = matching(
  "a node name (a host name in lower case: letters, digits, hyphens and dots, with a letter, under 100 characters)",
  /^(?=.*[a-z])(?=.{1,99}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
);

/** Names that people give to servers, services, ping groups and the cluster; at least one letter, so that they are no numbers. */
export const label = matching(
  "a name (letters, digits, dots, hyphens and underscores, with a letter, at most 63 characters)",
  /^(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
);

/** The kernel's rule (dev_valid_name, IFNAMSIZ), and at least one letter. */
export const interfaceName = matching(
  "the name of a network interface (at most 15 characters, no white space, no / or :)",
  /^(?=.*[A-Za-z])(?:(?![/:])[!-~]){1,15}$/,
);

export const mac = parsed("a unicast MAC address such as 52:54:00:7a:00:01", (text) => {
  const lower = text.toLowerCase().replaceAll("-", ":");
  const unicast = /^[0-9a-f][02468ace](?::[0-9a-f]{2}){5}$/.test(lower) && lower !== "00:00:00:00:00:00";
  return unicast ? lower : undefined;
});

export const address = parsed("an IPv4 or IPv6 address", (text) => {
  const ip = parseIp(text);
  return ip === undefined ? undefined : formatIp(ip);
});

export const addressWithPrefix = parsed("an address with its prefix length, such as 10.0.0.1/24", (text) => {
  const prefix = parsePrefix(text);
  return prefix === undefined
    ? undefined
    : { address: formatIp(prefix.address), prefixLength: prefix.length };
});

export const device = matching(
  "a device below /dev/",
  /^\/dev\/(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9/_.:-]{0,90}$/,
);

export const line = (expected: string, longest: number) =>
  matching(
    `${expected} (one line, at most ${longest} characters)`,
    new RegExp(`^[^\\p{Cc}]{1,${longest}}$`, "u"),
  );

export const integer = (what: string, smallest: number, largest: number) => {
  const expected = `${what} (${smallest} to ${largest})`;
  return z.int({ error: expected }).min(smallest, { error: expected }).max(largest, { error: expected });
};

const userExpected = "the name or number of a user";

/** A name as useradd(8) allows it, or a number as in passwd(5); always text afterwards. */
export const user = z
  .union(
    [
      integer(userExpected, 0, 4_294_967_294),
      matching(userExpected, /^(?:[A-Za-z_][A-Za-z0-9_.-]{0,31}|0|[1-9][0-9]{0,9})$/),
    ],
    { error: userExpected },
  )
  .transform(String);

export const port = integer("a port number", 1, 65_535);

/** Milliseconds. */
export const duration = (shortest: number, longest: number) => {
  const range = `${formatDuration(shortest)} to ${formatDuration(longest)}`;
  const expected = `a duration of ${range} (units us, ms, s, m, h; a bare number is seconds)`;
  return z.union([z.number(), z.string()], { error: expected }).transform((written, context): number => {
    const value = parseDuration(written);
    if (value !== undefined && value >= shortest && value <= longest) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
};

/** One word of a fixed list. */
export const word = <const W extends readonly string[]>(what: string, words: W) =>
  z.enum(words, { error: `${what}: ${words.join(", ")}` });

/** `on` and `off` are text in YAML 1.2; tools that write YAML 1.1 make them true and false. */
export const onOff = z
  .literal(["on", "off", true, false], { error: "on or off" })
  .transform((value) => value === "on" || value === true);
