// The sections `resources` and `failover`: groups in the words of heartbeat's haresources, what is done when a resource
// fails (with Pacemaker's words where heartbeat 3 has none), and Piranha's failover services (lvs.cf(5)).

import * as z from "zod";
import { address, duration, integer, label, line, onOff, port, word } from "./scalars.ts";

const hour = 3_600_000;

/** Defaults in ms; stop_retries is ResourceManager's HA_STOPRETRYMAX. */
export const GROUP_DEFAULTS = {
  monitor: { interval: 10_000, timeout: 20_000, restarts: 3 },
  timeouts: { start: 120_000, stop: 120_000, status: 20_000 },
  stopRetries: 10,
  stopFailed: "reboot",
  failureTimeout: hour,
} as const;

export const CHECK_DEFAULTS = { interval: 2000, timeout: 10_000, fall: 2 } as const;

const monitorSettings = z.strictObject(
  {
    interval: duration(100, hour).optional().meta({
      description: "Time between two looks at a running resource; default: 10s",
    }),
    timeout: duration(100, hour).optional().meta({
      description: "Longest time that one look may take; default: 20s",
    }),
    restarts: integer("a number of restarts", 0, 1000).optional().meta({
      description: "Restarts in place within an hour before the group goes to the other node",
      default: 3,
    }),
  },
  { error: "a mapping with interval, timeout and restarts" },
);

const monitor = z
  .union([onOff, monitorSettings], { error: "on, off, or a mapping with interval, timeout and restarts" })
  .meta({ description: "Whether and how running scripts and agents are watched; default: on" });

const timeouts = z.strictObject(
  {
    start: duration(100, 24 * hour)
      .optional()
      .meta({ description: "Longest start; default: 2m" }),
    stop: duration(100, 24 * hour)
      .optional()
      .meta({ description: "Longest stop; default: 2m" }),
    status: duration(100, 24 * hour)
      .optional()
      .meta({ description: "Longest status; default: 20s" }),
  },
  { error: "a mapping with start, stop and status" },
);

const resourceGroup = z.strictObject(
  {
    node: z.string({ error: "the name of a node" }).meta({ description: "Preferred owner" }),
    group: z
      .array(line("a resource", 1024), { error: "a list of resources" })
      .min(1, { error: "a list of at least one resource" })
      .meta({
        description:
          "haresources words, acquired first to last: ADDRESS[/PREFIX[/INTERFACE][/BROADCAST]], traffic, script::argument, ocf:provider:Agent::name=value, or the name of a failover service",
      }),
    monitor: monitor.optional(),
    timeouts: timeouts.optional().meta({ description: "How long the programs of a resource may take" }),
    stop_retries: integer("a number of attempts", 0, 1000)
      .optional()
      .meta({ description: "How often a failed stop is tried again, a second apart", default: 10 }),
    stop_failed: word("an answer to a failed stop", ["reboot", "block"]).optional().meta({
      description:
        "reboot: this machine, so that the other one may take the group; block: the group stays here until an operator has helped",
      default: "reboot",
    }),
    failure_timeout: duration(1000, 744 * hour)
      .optional()
      .meta({ description: "How long a node is not offered a group that failed on it; default: 1h" }),
  },
  { error: "a mapping with node and group" },
);

export const resources = z
  .array(resourceGroup, { error: "a list of resource groups" })
  .meta({ description: "What fails over, group by group" });

const commandError = "a list of words: the program (absolute path) and its arguments";

const command = z
  .array(line("a word of a command", 1024), { error: commandError })
  .min(1, { error: commandError })
  .refine(([program]) => program?.startsWith("/"), { error: commandError });

const text = (most: number) =>
  z
    .string({ error: "a text" })
    .min(1, { error: "a text" })
    .max(most, { error: `a text of at most ${most} characters` });

const failoverCheck = z.strictObject(
  {
    port: port.meta({ description: "TCP port on which the service answers" }),
    address: address.optional().meta({
      description: "Address to connect to; default: the first address of the service's group",
    }),
    send: text(4096).optional().meta({ description: "Text that is sent after connecting" }),
    expect: text(1024).optional().meta({ description: "Text that the reply must contain" }),
    interval: duration(100, hour).optional().meta({ description: "Time between checks; default: 2s" }),
    timeout: duration(100, hour).optional().meta({ description: "Longest wait for the reply; default: 10s" }),
    fall: integer("a number of checks", 1, 100)
      .optional()
      .meta({ description: "Failed checks in a row until the service counts as failed", default: 2 }),
  },
  { error: "a mapping with port, send, expect, interval, timeout and fall" },
);

const failoverService = z.strictObject(
  {
    start: command.meta({ description: "Command that starts the service" }),
    stop: command.meta({ description: "Command that stops it" }),
    check: failoverCheck
      .optional()
      .meta({ description: "How it shows that it works; default: nobody looks" }),
  },
  { error: "a mapping with start, stop and check" },
);

export const failover = z
  .record(label, failoverService, { error: "a mapping from service names to their settings" })
  .meta({ description: "Failover services: started and stopped by commands, named by resource groups" });

export type ResourceGroupEntry = z.infer<typeof resourceGroup>;
export type FailoverEntry = z.infer<typeof failoverService>;
