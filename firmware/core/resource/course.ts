// The order inside a group, as heartbeat's ResourceManager keeps it: an item is acquired only when all before it are there,
// and released only when all after it are gone. From what is there now follows what may be done next; nothing is remembered.
// Addresses that follow each other come and go together, because the kernel changes them at once.

import type { Address, ResourceGroupConfig } from "../config/cluster.ts";
import { type GroupState, isProgram, itemOf } from "./group-state.ts";

export interface Presence {
  /** The address is where it should be. */
  held(address: Address): boolean;
  /** The kernel has the address, or may have it by now. */
  possible(address: Address): boolean;
}

export interface Course {
  /** Positions of the addresses to have. */
  readonly wanted: readonly number[];
  /** Positions of the addresses to be left alone as long as they are there: what needs them has not stopped yet. */
  readonly kept: readonly number[];
  /** The item to stop, or to start, next. */
  readonly stop?: number;
  readonly start?: number;
}

/** The next step towards the first `level` items of the group being there and the others gone. */
export function courseOf(
  { resources }: ResourceGroupConfig,
  group: GroupState,
  level: number,
  presence: Presence,
): Course {
  const down = descend(resources, group, level, presence);
  const up = ascend(resources, group, level, presence);
  const start = down.done ? up.start : undefined;
  return {
    wanted: up.wanted,
    kept: down.kept,
    ...(down.stop !== undefined && { stop: down.stop }),
    ...(start !== undefined && { start }),
  };
}

type Resources = ResourceGroupConfig["resources"];

function descend(resources: Resources, group: GroupState, level: number, { possible }: Presence) {
  const kept: number[] = [];
  let stop: number | undefined;
  let programs = false;
  let addresses = false;
  for (let at = resources.length - 1; at >= level; at--) {
    const resource = resources[at];
    if (resource?.kind === "address") {
      if (programs) kept.push(at);
      else if (possible(resource.address)) addresses = true;
    } else if (resource && isProgram(resource) && itemOf(group, at).phase !== "stopped") {
      if (!programs && !addresses) stop = at;
      programs = true;
    }
  }
  return { kept: kept.reverse(), stop, done: !programs && !addresses };
}

function ascend(resources: Resources, group: GroupState, level: number, { held }: Presence) {
  const wanted: number[] = [];
  let start: number | undefined;
  let waiting = false;
  for (const [at, resource] of resources.slice(0, level).entries()) {
    if (resource.kind === "address") {
      wanted.push(at);
      waiting ||= !held(resource.address);
    } else if (isProgram(resource) && itemOf(group, at).phase !== "running") {
      if (!waiting) start = at;
      break;
    }
  }
  return { wanted, start };
}
