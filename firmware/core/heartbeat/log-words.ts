// Every log line of the deciding core in one table. Where heartbeat 3.0.6 has a line for the occasion it is heartbeat's
// own, so that people and log scanners who know heartbeat find what they look for; the others are ours.

import type { Severity } from "../action.ts";
import type { Address } from "../config/cluster.ts";
import type { ResourceScope } from "../event.ts";
import type { ProgramOutcome } from "../program.ts";
import { type Reach, reachWords } from "./reach.ts";

export interface LogLine {
  readonly severity: Severity;
  readonly text: string;
}

export const info = (text: string): LogLine => ({ severity: "info", text });
export const warning = (text: string): LogLine => ({ severity: "WARN", text });
export const error = (text: string): LogLine => ({ severity: "ERROR", text });
export const critical = (text: string): LogLine => ({ severity: "CRIT", text });

export const WORDS = {
  // The node itself
  generation: (generation: number) => info(`Heartbeat generation: ${generation}`),
  localStatus: (status: string) => info(`Local status now set to: '${status}'`),
  skippedResource: (node: string, word: string) =>
    warning(`Resource ${word} of ${node}: this version does not act on it`),
  leftover: (addresses: readonly Address[]) =>
    warning(`Releasing service addresses of an earlier start: ${addresses.join(", ")}`),
  stalled: (ms: number, deadtime: number) =>
    critical(
      `This node did not run for ${Math.round(ms)} ms, longer than its deadtime of ${deadtime} ms: releasing and rejoining`,
    ),
  keys: (send: number, accepted: readonly number[]) =>
    info(`Rereading authentication keys: key ${send} signs, accepted are ${accepted.join(", ")}`),
  forgotten: (node: string) => info(`Numbering of node ${node} forgotten: any generation is accepted`),
  shutdownBegins: () => info("Heartbeat shutdown in progress."),
  givingUpAll: () => info("Giving up all HA resources."),
  relinquished: () => info("All HA resources relinquished."),
  shutdownComplete: () => info("Heartbeat shutdown complete."),
  shutdownUnfinished: (addresses: readonly Address[], ms: number) =>
    error(
      `Shutdown: ${addresses.join(", ") || "addresses unknown"} not released within ${ms} ms; ending without shutdone`,
    ),

  // Links and the peer
  linkUp: (node: string, link: string) => info(`Link ${node}:${link} up.`),
  linkDead: (node: string, link: string) => info(`Link ${node}:${link} dead.`),
  carrier: (name: string, up: boolean) =>
    up ? info(`Carrier of ${name} is back.`) : warning(`Carrier of ${name} lost.`),
  mediumError: (medium: string, reason: string) => warning(`Medium ${medium}: ${reason}`),
  statusUpdate: (node: string, status: string) => info(`Status update for node ${node}: status ${status}`),
  late: (node: string, ms: number) => warning(`Late heartbeat: Node ${node}: interval ${Math.round(ms)} ms`),
  dead: (node: string) => warning(`node ${node}: is dead`),
  restarted: (node: string) => warning(`Heartbeat restart on node ${node}`),
  partition: (node: string, count: number) =>
    critical(`Cluster node ${node} returning after partition. (${count} since start)`),
  deadtimeTooSmall: () => warning("Deadtime value may be too small."),
  shutdownNotice: (node: string) => info(`Received shutdown notice from '${node}'.`),
  foreignNode: (source: string, name: string) =>
    warning(`Ignored frame from ${source}: node ${name} is not in this cluster`),
  nodeList: (source: string, what: "addnode" | "delnode", nodes: readonly string[]) =>
    warning(
      `${what} ${nodes.join(" ")} from ${source} ignored: the cluster file alone says which nodes there are`,
    ),
  ignored: (source: string, reason: string) => warning(`Ignored frame from ${source}: ${reason}`),

  // Who owns what
  heldNothing: (node: string) => info(`Dead node ${node} held no resources.`),
  gaveUp: (node: string) => info(`Dead node ${node} gave up resources.`),
  acquiringFrom: (node: string) => info(`Resources being acquired from ${node}.`),
  fencingNeeded: (node: string, delay: number) =>
    warning(
      `Resources of ${node} are taken over when it has been fenced${delay > 0 ? `; that begins in ${delay} ms` : ""}`,
    ),
  resetting: (node: string, device: string) => info(`Resetting node ${node} with [${device}]`),
  nodeReset: (node: string) => info(`node ${node} now reset.`),
  notReset: (node: string) => error(`Host ${node} not reset!`),
  stonithFailed: (node: string) => error(`STONITH of ${node} failed.  Retrying...`),
  fencingFailed: (node: string, attempt: number, why: string, pause: number) =>
    warning(`Attempt ${attempt} to fence ${node}: ${why}; the next one in ${pause} ms`),
  fencedByHand: (node: string) => warning(`An operator confirms that ${node} is switched off.`),
  fencingEnded: (node: string) => warning(`Fencing of ${node} ends: nothing waits for it any more.`),
  noStonith: () => warning("No STONITH device configured."),
  acquiringGroup: (words: string) => info(`Acquiring resource group: ${words}`),
  releasingGroup: (words: string) => info(`Releasing resource group: ${words}`),
  localComplete: () => info("Local Resource acquisition completed."),
  foreignComplete: () => info("Foreign resource acquisition completed."),
  machDown: (node: string) => info(`mach_down takeover complete for node ${node}.`),
  localTransition: () => info("local resource transition completed."),
  remoteTransition: () => info("remote resource transition completed."),
  bothOwn: (whose: "our" | "foreign") => critical(`Both machines own ${whose} resources!`),
  yielding: (side: string, node: string) => warning(`Giving up ${side} resources: ${node} owns them`),
  notHeard: (node: string, ms: number) =>
    critical(`${node} has not heard this node for ${ms} ms and owns the same resources: giving them up`),

  // Hand-over
  noStandby: () => info("Standby mode only implemented when nice_failback on"),
  ipResponse: (group: string, ok: boolean, owned: boolean) =>
    info(`received ip-request-resp ${group} ${ok ? "OK" : "fail"} ${owned ? "yes" : "no"}`),
  wantsStandby: (node: string, scope: ResourceScope) => info(`${node} wants to go standby [${scope}]`),
  canTake: (node: string, scope: ResourceScope) => info(`standby: ${node} can take our ${scope} resources`),
  standbyAcquire: (scope: ResourceScope, node: string) =>
    info(`standby: acquire [${scope}] resources from ${node}`),
  acquisitionDone: (scope: ResourceScope) => info(`Standby resource acquisition done [${scope}].`),
  otherCompleted: (scope: ResourceScope) =>
    info(`Other node completed standby takeover of ${scope} resources.`),
  standbyIgnored: (node: string, why: string) => info(`standby message from ${node} ignored.  ${why}`),
  handoverFailed: (why: string) => warning(`Hand-over not completed: ${why}`),

  // Clients: the programs of respawn
  startingClient: (command: string, user: string) => info(`Starting child client "${command}" (${user})`),
  clientEnded: (command: string, outcome: ProgramOutcome) => clientEnd(command, outcome),
  clientOutput: (command: string, line: string) => info(`Client ${command} said last: ${line}`),
  respawning: (command: string) => error(`Respawning client "${command}":`),
  respawningTooFast: (command: string, ms: number) =>
    error(`Client ${command} "respawning too fast"; next start in ${ms / 1000} s`),
  killingClient: (command: string) => info(`killing ${command} process group with signal 15`),

  // ipfail
  delayedGiveup: (node: string, there: Reach, here: Reach, ms: number) =>
    info(`Delayed giveup in ${ms} ms: ${comparison(node, there, here)}`),
  fewerPingNodes: (node: string, there: Reach, here: Reach) =>
    warning(`Giving up because we have less visible ping nodes: ${comparison(node, there, here)}`),
  abortedGiveup: () => info("Aborted delayed giveup: we no longer have less visible ping nodes."),
  heldBack: (node: string, reach: Reach, better: string, betterReach: Reach) =>
    warning(`Nothing goes to ${node}: it reaches ${reachWords(reach)}, ${better} ${reachWords(betterReach)}`),
  heldBackNoLonger: (node: string) => info(`${node} no longer has less visible ping nodes.`),
  takesFromWorse: (node: string, there: Reach, here: Reach) =>
    info(`${node} gives up because it has less visible ping nodes: ${comparison(node, there, here)}`),

  // Among three nodes or more
  handingOn: (side: string, node: string) => info(`Giving ${side}'s resources to ${node}`),
  ordered: (side: string, node: string) =>
    info(`Ordered by an operator: ${node} is to own ${side}'s resources`),
  noView: (node: string) =>
    error(
      `Node ${node} does not say what it owns: resources are shared among three nodes or more by pulsebox alone; taking nothing while it lives`,
    ),

  // Addresses
  held: (address: Address, name: string) => info(`Service address ${address} is on ${name}`),
  noRoute: (address: Address) =>
    error(`Cannot acquire ${address}: no route leads to it and the cluster file names no interface for it`),
  changeFailed: (address: Address, reason: string) =>
    error(`Cannot change service address ${address}: ${reason}`),
  removedByOther: (address: Address) => warning(`Service address ${address} disappeared; adding it again`),
  rival: (address: Address, name: string, mac: string) =>
    error(`Service address ${address} is claimed by ${mac} on ${name}; announcing it again`),
} as const;

function clientEnd(command: string, outcome: ProgramOutcome): LogLine {
  switch (outcome.kind) {
    case "exit": {
      const text = `Managed ${command} process exited with return code ${outcome.code}.`;
      return outcome.code === 0 ? info(text) : warning(text);
    }
    case "signal":
      return warning(`Managed ${command} process killed by signal ${outcome.signal}.`);
    case "error":
      return error(`Cannot exec ${command}: ${outcome.error}`);
    case "timeout":
    case "killed":
      return info(`Managed ${command} process ended at our request.`);
  }
}

function comparison(node: string, there: Reach, here: Reach): string {
  return `${node} reaches ${reachWords(there)}, this node ${reachWords(here)}`;
}
