// Resource groups and failover services in their normal form: words read, defaults filled in, durations in milliseconds.

import type { FailoverConfig, MonitorConfig, ResourceConfig, ResourceGroupConfig } from "./cluster.ts";
import { defined } from "./defined.ts";
import { readWord } from "./haresources.ts";
import {
  CHECK_DEFAULTS,
  type FailoverEntry,
  GROUP_DEFAULTS,
  type ResourceGroupEntry,
} from "./resource-schema.ts";

type FailoverSection = Readonly<Record<string, FailoverEntry>>;

export function normalizeGroup(entry: ResourceGroupEntry, failover?: FailoverSection): ResourceGroupConfig {
  const { stopRetries, stopFailed, failureTimeout } = GROUP_DEFAULTS;
  const monitor = normalizeMonitor(entry.monitor);
  return {
    node: entry.node,
    resources: entry.group.map((word) => normalizeResource(word, failover)),
    ...(monitor !== undefined && { monitor }),
    timeouts: { ...GROUP_DEFAULTS.timeouts, ...defined(entry.timeouts ?? {}) },
    stopRetries: entry.stop_retries ?? stopRetries,
    stopFailed: entry.stop_failed ?? stopFailed,
    failureTimeout: entry.failure_timeout ?? failureTimeout,
  };
}

function normalizeMonitor(monitor: ResourceGroupEntry["monitor"] = true): MonitorConfig | undefined {
  if (monitor === false) return undefined;
  return { ...GROUP_DEFAULTS.monitor, ...(monitor === true ? {} : defined(monitor)) };
}

function normalizeResource(word: string, failover?: FailoverSection): ResourceConfig {
  const service = failover?.[word];
  if (service !== undefined) return { kind: "failover", word, ...normalizeFailover(service) };
  const reading = readWord(word);
  if (!reading.ok) throw new Error(`the resource ${word} passed the rules: ${reading.reason}`);
  return reading.resource;
}

function normalizeFailover({ start, stop, check }: FailoverEntry): FailoverConfig {
  if (check === undefined) return { start, stop };
  const { interval, timeout, fall, ...rest } = check;
  return {
    start,
    stop,
    check: {
      ...CHECK_DEFAULTS,
      port: check.port,
      ...defined({ address: rest.address, send: rest.send, expect: rest.expect }),
      ...defined({ interval, timeout, fall }),
    },
  };
}
