// The definition of the cluster file: its keys, the values they take, and a line about each for people. Validation and
// the JSON Schema for editors both come from here. The words are those of heartbeat's ha.cf, haresources and authkeys
// and of the Linux Virtual Server; what one value means for another is checked by the rules, not here.

import * as z from "zod";
import { fencing } from "./fencing-schema.ts";
import { failover, resources } from "./resource-schema.ts";
import {
  address,
  addressWithPrefix,
  device,
  duration,
  integer,
  interfaceName,
  label,
  line,
  mac,
  nodeName,
  onOff,
  port,
  user,
  word,
} from "./scalars.ts";
import { services } from "./service-schema.ts";

const hour = 3_600_000;

/** What heartbeat 3.0.6 knows. */
export const baudRates = [9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800] as const;

const identity = z
  .strictObject(
    {
      mac: mac.optional().meta({ description: "MAC address of one of the box's network interfaces" }),
      serial: line("the product serial number in quotes", 64)
        .optional()
        .meta({ description: "Product serial number as DMI (the BIOS) tells it" }),
    },
    { error: "a mapping with mac or serial" },
  )
  .meta({
    description: "What tells a box that this entry is its own, however it was named or addressed before",
  });

const networkInterface = z.strictObject(
  {
    address: addressWithPrefix.optional().meta({ description: "Own fixed address with prefix length" }),
    gateway: address.optional().meta({ description: "Default gateway; in the subnet of this interface" }),
  },
  { error: "a mapping with address and gateway ({} when it has neither)" },
);

const node = z.strictObject(
  {
    identity: identity.optional(),
    profile: label
      .optional()
      .meta({ description: "Board profile of the hardware database; default: detected" }),
    interfaces: z
      .record(interfaceName, networkInterface, { error: "a mapping from interface names to their settings" })
      .meta({ description: "Network interfaces of the box, by the kernel's names" }),
    fencing: fencing.optional(),
  },
  { error: "a mapping with identity, profile, interfaces and fencing" },
);

const ucast = z.strictObject(
  {
    interface: interfaceName.meta({ description: "Interface to send on" }),
    peer: address.meta({ description: "Address to send to; the node that has it itself skips this medium" }),
  },
  { error: "a mapping with interface and peer" },
);

const mcast = z.strictObject(
  {
    interface: interfaceName.meta({ description: "Interface to send on" }),
    group: address.meta({ description: "Multicast group, 224.0.0.0/4" }),
    port: port.optional().meta({ description: "UDP port; default: udpport" }),
    ttl: integer("a number of hops", 0, 255).optional().meta({ description: "Time to live", default: 1 }),
    loop: integer("a switch", 0, 1).optional().meta({ description: "1: hear one's own packets", default: 0 }),
  },
  { error: "a mapping with interface, group, port, ttl and loop" },
);

const mediumKinds = "one medium: bcast, ucast, mcast or serial";

const medium = z
  .strictObject(
    {
      bcast: interfaceName.optional().meta({ description: "UDP broadcast on this interface" }),
      ucast: ucast.optional().meta({ description: "UDP to one address; list both directions" }),
      mcast: mcast.optional().meta({ description: "UDP multicast" }),
      serial: device.optional().meta({ description: "Null-modem cable on this serial device" }),
    },
    { error: mediumKinds },
  )
  .refine((kinds) => Object.keys(kinds).length === 1, { error: mediumKinds })
  .meta({ minProperties: 1, maxProperties: 1 });

const authKey = z.strictObject(
  {
    id: integer("the index of a key", 0, 15)
      .optional()
      .meta({ description: "Index as in authkeys", default: 1 }),
    method: word("a method of authentication", ["sha1", "md5", "crc"]).meta({
      description: "sha1 and md5 sign with HMAC; crc only finds damage and has no key",
    }),
    key: line("a key", 1024).optional().meta({ description: "Shared secret, the same on all nodes" }),
    send: onOff.optional().meta({ description: "Of several keys: this one signs what is sent" }),
  },
  { error: "a mapping with method and key" },
);

const auth = z.union([authKey, z.array(authKey).min(1, { error: "at least one key" }).max(16)], {
  error: "one key (method, key) or a list of them",
});

const respawn = z.strictObject(
  {
    user: user.meta({
      description: "User that the command runs as: a name in /etc/passwd, or a number",
    }),
    command: z
      .array(line("a word of a command", 1024), { error: "a list of words: the program and its arguments" })
      .min(1, { error: "a list of words: the program and its arguments" })
      .meta({ description: "Program (absolute path) and its arguments" }),
  },
  { error: "a mapping with user and command" },
);

const addresses = z
  .array(address, { error: "a list of addresses" })
  .max(64, { error: "at most 64 addresses" });

const heartbeatShape = {
  keepalive: duration(10, hour).optional().meta({ description: "Interval of heartbeats; default: 1s" }),
  warntime: duration(10, hour).optional().meta({
    description: 'Silence after which "late heartbeat" is logged; default: half of deadtime',
  }),
  deadtime: duration(30, hour).optional().meta({
    description: "Silence after which a node is declared dead; more than twice keepalive; default: 30s",
  }),
  initdead: duration(30, 24 * hour)
    .optional()
    .meta({
      description:
        "deadtime right after start, while networks come up; default: twice deadtime, at least 12s",
    }),
  auto_failback: z
    .literal(["on", "off", "legacy", true, false], { error: "on, off or legacy" })
    .transform((value) => (value === "legacy" ? value : value === "on" || value === true ? "on" : "off"))
    .optional()
    .meta({ description: "Whether a returned node gets its resources back; default: on" }),
  udpport: port.optional().meta({ description: "UDP port of bcast, ucast and mcast", default: 694 }),
  baud: z
    .literal(baudRates, { error: `a serial speed: ${baudRates.join(", ")}` })
    .optional()
    .meta({ description: "Speed of serial media in bits per second", default: 19200 }),
  hopfudge: integer("a number of hops", 0, 255)
    .optional()
    .meta({ description: "Hops allowed beyond the number of nodes, in rings of serial cables", default: 1 }),
  media: z
    .array(medium, { error: "a list of media" })
    .min(1, { error: "a list of at least one medium (bcast, ucast, mcast, serial)" })
    .max(64, { error: "a list of at most 64 media" })
    .meta({ description: "The ways on which the nodes hear each other; two that share no part are safe" }),
  auth: auth.meta({
    description: "How messages are authenticated; several keys while they are being changed",
  }),
  ping: addresses.optional().meta({ description: "Routers or switches that show whether the network works" }),
  deadping: duration(30, hour).optional().meta({
    description:
      "Silence after which a ping node is declared dead; more than twice keepalive; default: deadtime",
  }),
  ping_group: z
    .record(label, addresses.min(1, { error: "a list of at least one address" }), {
      error: "a mapping from names to lists of addresses",
    })
    .optional()
    .meta({ description: "Groups of ping nodes; a group answers when one of them does" }),
  ipfail: onOff.optional().meta({
    description: "Move resources to the node that reaches more ping nodes; default: off",
  }),
  watchdog: device.optional().meta({
    description: "Watchdog device that resets a box which hangs; default: none is used",
  }),
  respawn: z
    .array(respawn, { error: "a list of commands" })
    .optional()
    .meta({ description: "Programs to start and to start again when they end" }),
};

export const heartbeat = z.strictObject(heartbeatShape, { error: "a mapping (media, auth, deadtime …)" });

export const clusterFile = z
  .strictObject(
    {
      version: z.literal(1, { error: "the version of the cluster file that is known here (1)" }).meta({
        description: "Version of this file format: 1",
      }),
      cluster: label.meta({ description: "Name of the cluster" }),
      nodes: z
        .record(nodeName, node, { error: "a mapping from node names to their settings" })
        .meta({ description: "The boxes, two to a hundred; beside a real heartbeat node two" }),
      heartbeat: heartbeat.meta({
        description: "How the nodes watch each other; durations in ms, s, m or h",
      }),
      resources: resources.optional(),
      failover: failover.optional(),
      services: services.optional(),
    },
    { error: "a mapping (version, cluster, nodes, heartbeat …)" },
  )
  .meta({ title: "pulsebox cluster file", description: "The same file on every box of the cluster" });

export type ClusterFile = z.infer<typeof clusterFile>;

/** What is left when everything that was found wrong is taken out: any key may be missing. */
export const remainder = clusterFile.extend({ heartbeat: heartbeat.partial() }).partial();

export type Remainder = z.infer<typeof remainder>;
