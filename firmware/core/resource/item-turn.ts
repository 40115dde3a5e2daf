// One item of one group inside a step: found, and replaced.

import type { ResourceGroupConfig } from "../config/cluster.ts";
import { invariant } from "../invariant.ts";
import type { Turn } from "../turn.ts";
import {
  type GroupState,
  groupAt,
  type Item,
  isProgram,
  itemOf,
  type ProgramResource,
  withItem,
} from "./group-state.ts";

export interface ItemPlace {
  /** Of the group in the cluster file, and of the item in the group. */
  readonly index: number;
  readonly at: number;
}

interface Found {
  readonly config: ResourceGroupConfig;
  readonly resource: ProgramResource;
  readonly item: Item;
}

export function itemAt(turn: Turn, { index, at }: ItemPlace): Found {
  const { config, group } = groupAt(turn.state, index);
  const resource = config.resources[at];
  invariant(resource !== undefined && isProgram(resource), `item ${at} of group ${index} is no program`);
  return { config, resource, item: itemOf(group, at) };
}

export function setGroup(turn: Turn, index: number, group: GroupState): void {
  turn.state = { ...turn.state, groups: turn.state.groups.with(index, group) };
}

export function setItem(turn: Turn, { index, at }: ItemPlace, item: Item): void {
  setGroup(turn, index, withItem(groupAt(turn.state, index).group, at, item));
}
