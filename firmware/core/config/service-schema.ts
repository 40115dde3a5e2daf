// The `services` section: virtual services as the Linux Virtual Server knows them (ipvsadm(8); linux/ip_vs.h), and the
// checks that decide which real servers take part.

import * as z from "zod";
import { address, duration, integer, label, line, port, word } from "./scalars.ts";

const day = 24 * 3_600_000;

/** The schedulers of Linux's net/netfilter/ipvs; the first four are the ones of LVS's own how-to. */
const schedulers = [
  "rr",
  "wrr",
  "lc",
  "wlc",
  "lblc",
  "lblcr",
  "dh",
  "sh",
  "sed",
  "nq",
  "fo",
  "ovf",
  "mh",
] as const;

const forwarding = word("a way of forwarding", ["direct", "nat", "tunnel"]);

export const checkTypes = ["connect", "http", "https", "send", "ping", "command"] as const;

const check = z.strictObject(
  {
    type: word("a type of check", checkTypes).meta({ description: "What is asked of a server" }),
    port: port.optional().meta({ description: "Default: the server's port" }),
    path: line("a path", 1024).regex(/^\//, { error: "a path (it begins with /)" }).optional().meta({
      description: "http and https: path of the request",
    }),
    host: line("a host name", 253).optional().meta({ description: "http and https: Host header" }),
    expect: z
      .union([z.int().min(100).max(599), line("a text", 1024)], {
        error: "a status code (100 to 599) or a text that the answer contains",
      })
      .optional()
      .meta({ description: "Status code, or text that the answer must contain" }),
    send: z
      .string({ error: "a text" })
      .max(4096, { error: "a text of at most 4096 characters" })
      .optional()
      .meta({ description: "send: text that is sent after connecting" }),
    command: z
      .array(line("a word of a command", 1024), { error: "a list of words: the program and its arguments" })
      .min(1, { error: "a list of words: the program and its arguments" })
      .optional()
      .meta({ description: "command: program (absolute path) and arguments; status 0 means up" }),
    interval: duration(10, day).optional().meta({ description: "Time between checks; default: 2s" }),
    timeout: duration(10, day).optional().meta({ description: "Longest wait for an answer; default: 1s" }),
    rise: integer("a number of checks", 1, 100)
      .optional()
      .meta({ description: "Good answers in a row until a server is used", default: 2 }),
    fall: integer("a number of checks", 1, 100)
      .optional()
      .meta({ description: "Bad answers in a row until a server is not used", default: 3 }),
  },
  { error: "a mapping with type, interval, timeout, rise and fall" },
);

const server = z.strictObject(
  {
    address: address.meta({ description: "Address of the real server" }),
    port: port.optional().meta({ description: "Default: the service's port; differs only with nat" }),
    weight: integer("a weight", 0, 65_535)
      .optional()
      .meta({ description: "Share of the load; 0: no new connections", default: 1 }),
    forwarding: forwarding.optional().meta({ description: "Default: the service's" }),
  },
  { error: "a mapping with address, port and weight" },
);

const fallback = z.strictObject(
  {
    address: address.meta({ description: "Address of the fallback server" }),
    port: port.optional().meta({ description: "Default: the service's port" }),
  },
  { error: "a mapping with address and port" },
);

const service = z.strictObject(
  {
    address: address.optional().meta({ description: "VIP; one that a resource group owns" }),
    port: port.optional().meta({ description: "Left out: all ports (needs persistence)" }),
    protocol: word("a protocol", ["tcp", "udp", "sctp"])
      .optional()
      .meta({ description: "Transport protocol", default: "tcp" }),
    fwmark: integer("a firewall mark", 1, 4_294_967_295)
      .optional()
      .meta({ description: "Packets with this mark, instead of address, port and protocol" }),
    scheduler: word("a scheduler", schedulers).optional().meta({
      description: "How connections are spread over the servers",
      default: "wlc",
    }),
    forwarding: forwarding
      .optional()
      .meta({ description: "How packets reach the servers", default: "direct" }),
    persistence: duration(1000, 31 * day)
      .optional()
      .meta({ description: "Time for which a client stays with its server; whole seconds" }),
    check: check.optional().meta({ description: "Default: servers are taken to be up" }),
    fallback: fallback.optional().meta({ description: "Server that is used when no other is up" }),
    servers: z
      .record(label, server, { error: "a mapping from server names to their settings" })
      .meta({ description: "The real servers" }),
  },
  { error: "a mapping with address, port and servers" },
);

export const services = z
  .record(label, service, { error: "a mapping from service names to their settings" })
  .meta({ description: "Virtual services of the director, by name" });

export type ServiceEntry = z.infer<typeof service>;
