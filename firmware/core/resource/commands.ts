// The programs behind the words: what is run for a resource, and what its end means. Scripts are called as heartbeat's
// ResourceManager calls them (arguments first, then start, stop or status) and read as it reads them (words in the output of
// status); OCF agents as the resource agent API 1.1 says; failover services by the commands of the cluster file.

import type { ResourceGroupConfig } from "../config/cluster.ts";
import type { Program, ProgramOutcome } from "../program.ts";
import type { ItemAction, ProgramResource } from "./group-state.ts";

const HA_DIR = "/etc/ha.d";
const OCF_ROOT = "/usr/lib/ocf";
/** Where ResourceManager looks for a script, in this order. */
export const SCRIPT_DIRECTORIES: readonly string[] = [`${HA_DIR}/resource.d`, "/etc/init.d"];

/** OCF exit codes that differ from "something went wrong". */
const OCF = { success: 0, notInstalled: 5, notRunning: 7, runningPromoted: 8 } as const;

export interface CommandContext {
  /** This node, for scripts that ask for HA_CURHOST. */
  readonly self: string;
  readonly group: ResourceGroupConfig;
}

/** Undefined when the resource has no such command. */
export function programFor(
  resource: ProgramResource,
  action: ItemAction,
  { self, group }: CommandContext,
): Program | undefined {
  const timeout = timeoutFor(action, group);
  if (resource.kind === "failover") {
    if (action !== "start" && action !== "stop") return undefined;
    return { command: resource[action], environment: { HA_CURHOST: self }, timeout };
  }
  if (resource.kind === "ocf") return ocfProgram(resource, action, timeout, group);
  const word = action === "monitor" ? "status" : action;
  return {
    command: [resource.name, ...resource.args, word],
    ...(!resource.name.startsWith("/") && { search: SCRIPT_DIRECTORIES }),
    environment: { HA_DIR, HA_FUNCS: `${HA_DIR}/shellfuncs`, HA_CURHOST: self },
    timeout,
  };
}

function timeoutFor(action: ItemAction, { timeouts, monitor }: ResourceGroupConfig): number {
  return action === "monitor" ? (monitor?.timeout ?? timeouts.status) : timeouts[action];
}

function ocfProgram(
  resource: Extract<ProgramResource, { kind: "ocf" }>,
  action: ItemAction,
  timeout: number,
  { monitor }: ResourceGroupConfig,
): Program {
  const { provider, agent, parameters } = resource;
  const environment: Record<string, string> = {
    OCF_ROOT,
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "1",
    OCF_RESOURCE_INSTANCE: instanceOf(resource),
    OCF_RESOURCE_TYPE: agent,
    OCF_RESOURCE_PROVIDER: provider,
    // Agents tell a probe by the interval 0 and a look at what should run by any other.
    OCF_RESKEY_CRM_meta_interval: String(action === "monitor" ? (monitor?.interval ?? 0) : 0),
    OCF_RESKEY_CRM_meta_timeout: String(timeout),
  };
  for (const [name, value] of parameters) environment[`OCF_RESKEY_${name}`] = value;
  return {
    command: [`${OCF_ROOT}/resource.d/${provider}/${agent}`, action === "status" ? "monitor" : action],
    environment,
    timeout,
  };
}

/** The same on every node and in every life: agents name files by it. */
function instanceOf({ agent, parameters }: Extract<ProgramResource, { kind: "ocf" }>): string {
  return [agent, ...parameters.map(([, value]) => value)].join("_").replaceAll(/[^A-Za-z0-9_.-]/g, "_");
}

export type Verdict = "running" | "stopped" | "unclear";

/** What the end of `status` or `monitor` says about the resource. */
export function verdictOf(resource: ProgramResource, outcome: ProgramOutcome, output: string): Verdict {
  // What cannot be started at all has not been started: ResourceManager, too, takes an absent script for one that does not run.
  if (outcome.kind === "error") return "stopped";
  if (outcome.kind !== "exit") return "unclear";
  if (resource.kind !== "ocf") return scriptVerdict(output);
  if (outcome.code === OCF.success || outcome.code === OCF.runningPromoted) return "running";
  return outcome.code === OCF.notRunning || outcome.code === OCF.notInstalled ? "stopped" : "unclear";
}

/** ResourceManager heeds the words and not the exit code: scripts without a status action exist, and their codes say nothing. */
function scriptVerdict(output: string): Verdict {
  if (/not\s+running/i.test(output)) return "stopped";
  return /[Rr]unning|OK/.test(output) ? "running" : "stopped";
}

export function succeeded(outcome: ProgramOutcome): boolean {
  return outcome.kind === "exit" && outcome.code === 0;
}

/** How a program ended, for logs: with the last line of what it printed, which is where programs say why. */
export function outcomeWords(outcome: ProgramOutcome, output: string): string {
  const said =
    output
      .trim()
      .split("\n")
      .at(-1)
      ?.trim()
      .replaceAll(/\p{Cc}/gu, "?") ?? "";
  const how = {
    exit: () => `exit code ${"code" in outcome ? outcome.code : ""}`,
    signal: () => `ended by ${"signal" in outcome ? outcome.signal : ""}`,
    timeout: () => "timed out",
    killed: () => "ended on request",
    error: () => ("error" in outcome ? outcome.error : ""),
  }[outcome.kind]();
  return said === "" || outcome.kind === "error" ? how : `${how}: ${said.slice(0, 200)}`;
}
