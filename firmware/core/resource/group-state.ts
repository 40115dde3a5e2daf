// How far each resource group has come, as values: the state of every item that programs start and stop, restarts in
// place, and the mark of a group that has failed on this node. Addresses have no state here: the kernel tells theirs.

import type { ClusterConfig, ResourceConfig, ResourceGroupConfig } from "../config/cluster.ts";
import { invariant } from "../invariant.ts";

/** What programs start and stop. */
export type ProgramResource = Extract<ResourceConfig, { kind: "script" | "ocf" | "failover" }>;

export type ItemAction = "status" | "start" | "stop" | "monitor";

/**
 * unknown: an earlier life of this node may have left it running. failed: it does not run as it should and has not been
 * stopped yet. stuck: it could not be stopped.
 */
export type ItemPhase = "unknown" | "stopped" | "starting" | "running" | "stopping" | "failed" | "stuck";

export interface Item {
  readonly phase: ItemPhase;
  /** The program that runs for it now. */
  readonly run?: { readonly id: string; readonly action: ItemAction; readonly killed: boolean };
  /** When the next look at it, or the next attempt to stop it, is due; monotonic ms. */
  readonly dueAt?: number;
  /** Failed stops in a row. */
  readonly attempts: number;
  /** Why it failed last. */
  readonly reason?: string;
  /** False for a script whose status does not tell that it runs. */
  readonly watched: "unknown" | boolean;
  /** Of a failover service: since when it runs, whether it has answered since then, failed checks in a row. */
  readonly runningSince: number;
  readonly answered: boolean;
  readonly misses: number;
}

/** The mark of a group that has failed here. */
export interface Failure {
  readonly reason: string;
  /** It is tried again all the same, because nobody else could take it. */
  readonly trying: boolean;
  /** Another node was asked to take it, or has given it back. */
  readonly offered: boolean;
  readonly told: boolean;
  /** When to look again for somebody who takes it, and when to try again here if there is nobody; monotonic ms. */
  readonly reconsiderAt: number;
  readonly retryAt: number;
  /** When it is forgotten. */
  readonly until: number;
}

export interface GroupState {
  /** One for each resource of the group. */
  readonly items: readonly Item[];
  /** During a restart in place: the items from here on are stopped before anything is started again. */
  readonly restartFrom?: number;
  /** When it was restarted in place within the last hour, monotonic ms. */
  readonly restarts: readonly number[];
  readonly failed?: Failure;
}

export type GroupStates = readonly GroupState[];

export const STOPPED: Item = {
  phase: "stopped",
  attempts: 0,
  watched: "unknown",
  runningSince: 0,
  answered: false,
  misses: 0,
};

export function isProgram(resource: ResourceConfig): resource is ProgramResource {
  return resource.kind !== "address" && resource.kind !== "traffic";
}

/** The group is not to run here, although its side may be claimed. */
export function isGivenUp({ failed }: GroupState): boolean {
  return failed !== undefined && !failed.trying;
}

/** At start: what the groups of `cluster` have running is not known. */
export function createGroups({ resources }: ClusterConfig): GroupStates {
  return resources.map((group) => ({ items: group.resources.map(uncertain), restarts: [] }));
}

/** Scripts and agents can be asked whether they run; a failover service is stopped in any case, as Piranha's fos does. */
export function uncertain(resource: ResourceConfig): Item {
  if (!isProgram(resource)) return STOPPED;
  return { ...STOPPED, phase: resource.kind === "failover" ? "failed" : "unknown" };
}

export function itemOf(group: GroupState, at: number): Item {
  const item = group.items[at];
  invariant(item !== undefined, `a group of ${group.items.length} resources has no item ${at}`);
  return item;
}

export function withItem(group: GroupState, at: number, item: Item): GroupState {
  return { ...group, items: group.items.with(at, item) };
}

/** The configuration and the state of the group `index`. */
export function groupAt(
  { cluster, groups }: { readonly cluster: ClusterConfig; readonly groups: GroupStates },
  index: number,
): { readonly config: ResourceGroupConfig; readonly group: GroupState } {
  const [config, group] = [cluster.resources[index], groups[index]];
  invariant(config !== undefined && group !== undefined, `there is no resource group ${index}`);
  return { config, group };
}
