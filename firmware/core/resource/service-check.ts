// The checks of failover services, in the manner of Piranha's nanny: which are wanted now, and what their verdicts mean. A
// service that has not answered since its start has the time of a start before failures count.

import type { FailoverCheckConfig, ResourceGroupConfig } from "../config/cluster.ts";
import type { NodeState } from "../node.ts";
import type { CheckSpec } from "../program.ts";
import { nowOf, type Turn } from "../turn.ts";
import { itemFailed } from "./failure.ts";
import { itemOf } from "./group-state.ts";
import { addressesOf, levelOf } from "./groups.ts";
import { setItem } from "./item-turn.ts";

interface Checked {
  readonly index: number;
  readonly at: number;
  readonly check: FailoverCheckConfig;
  readonly spec: CheckSpec;
}

function checksIn(state: NodeState): readonly Checked[] {
  return state.cluster.resources.flatMap((config, index) =>
    config.resources.flatMap((resource, at) => {
      if (resource.kind !== "failover" || resource.check === undefined) return [];
      const spec = specOf(resource.word, resource.check, config);
      return spec === undefined ? [] : [{ index, at, check: resource.check, spec }];
    }),
  );
}

function specOf(word: string, check: FailoverCheckConfig, group: ResourceGroupConfig): CheckSpec | undefined {
  const { fall: _, address = addressesOf(group)[0]?.address, ...rest } = check;
  return address === undefined ? undefined : { id: `failover ${word}`, address, ...rest };
}

function isWatched({ index, at }: Checked, state: NodeState): boolean {
  const [config, group] = [state.cluster.resources[index], state.groups[index]];
  if (config?.monitor === undefined || group === undefined) return false;
  return itemOf(group, at).phase === "running" && at < levelOf(state, index);
}

/** Tells which checks are wanted now, when that has changed. */
export function tellChecks(turn: Turn): void {
  const wanted = checksIn(turn.state).filter((each) => isWatched(each, turn.state));
  const checking = wanted.map(({ spec }) => spec.id).join("\n");
  if (checking === turn.state.checking) return;
  turn.state = { ...turn.state, checking };
  turn.actions.push({ type: "check", checks: wanted.map(({ spec }) => spec) });
}

/** A verdict; one that comes after the service was stopped, or is not of a failover service, says nothing. */
export function onChecked(turn: Turn, id: string, ok: boolean, detail: string): void {
  const found = checksIn(turn.state).find(({ spec }) => spec.id === id);
  if (found === undefined || !isWatched(found, turn.state)) return;
  const { index, at, check } = found;
  const [config, group] = [turn.state.cluster.resources[index], turn.state.groups[index]];
  if (config === undefined || group === undefined) return;
  const item = itemOf(group, at);
  if (ok) {
    setItem(turn, found, { ...item, answered: true, misses: 0 });
    return;
  }
  const mayStillStart = !item.answered && nowOf(turn) - item.runningSince < config.timeouts.start;
  if (mayStillStart) return;
  const misses = item.misses + 1;
  setItem(turn, found, { ...item, misses });
  if (misses >= check.fall) itemFailed(turn, found, `check: ${detail}`);
}
