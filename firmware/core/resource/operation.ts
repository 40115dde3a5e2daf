// The programs of the groups' items, started and understood: each item has at most one program at a time (the OCF resource
// agent API demands it, init scripts need it), and what its end means moves the item on.

import type { ProgramOutcome } from "../program.ts";
import { log, nowOf, type Turn } from "../turn.ts";
import { outcomeWords, programFor, succeeded, type Verdict, verdictOf } from "./commands.ts";
import { selfFenceOrBlock } from "./escalation.ts";
import { itemFailed, markFailed } from "./failure.ts";
import {
  groupAt,
  type Item,
  type ItemAction,
  isGivenUp,
  isProgram,
  itemOf,
  type ProgramResource,
  STOPPED,
} from "./group-state.ts";
import { courseIn, levelOf, presenceIn } from "./groups.ts";
import { type ItemPlace, itemAt, setGroup, setItem } from "./item-turn.ts";
import { RESOURCE_WORDS } from "./log-words.ts";

/** ResourceManager waits so long before it tries a failed stop again, ms. */
const STOP_PAUSE = 1000;
/** A stop that took its whole time is tried once more only: more would be waiting, not trying. */
const TRIES_AFTER_TIMEOUT = 1;
/** A daemon may need a moment after its script before status sees it, ms. */
const FIRST_LOOK = 1000;

/** Starts every program that may be started now. */
export function advanceItems(turn: Turn): void {
  for (const index of turn.state.groups.keys()) advanceGroup(turn, index);
}

function advanceGroup(turn: Turn, index: number): void {
  endRestart(turn, index);
  const { config, group } = groupAt(turn.state, index);
  const { start, stop } = courseIn(turn.state, index);
  const level = levelOf(turn.state, index);
  for (const [at, resource] of config.resources.entries()) {
    if (!isProgram(resource)) continue;
    const item = itemOf(group, at);
    const place = { index, at };
    if (item.phase === "unknown" && !item.run) launch(turn, place, "status");
    else if (at === stop) release(turn, place, item);
    else if (at === start && item.phase !== "starting") acquire(turn, place, resource, item);
    else if (at < level && isLookDue(item, nowOf(turn))) launch(turn, place, "monitor");
  }
}

/** All items that are to be restarted have stopped: from here on it is an ordinary acquisition. */
function endRestart(turn: Turn, index: number): void {
  const { config, group } = groupAt(turn.state, index);
  const { restartFrom, ...rest } = group;
  if (restartFrom === undefined) return;
  const { possible } = presenceIn(turn.state);
  const down = config.resources
    .slice(restartFrom)
    .every((resource, offset) =>
      resource.kind === "address"
        ? !possible(resource.address)
        : itemOf(group, restartFrom + offset).phase === "stopped",
    );
  if (down || levelOf(turn.state, index) === 0) setGroup(turn, index, rest);
}

function isLookDue(item: Item, now: number): boolean {
  return item.phase === "running" && !item.run && item.dueAt !== undefined && now >= item.dueAt;
}

function acquire(turn: Turn, place: ItemPlace, resource: ProgramResource, item: Item): void {
  if (item.run || item.phase === "unknown" || item.phase === "stopping" || item.phase === "failed") return;
  setItem(turn, place, { ...STOPPED, phase: "starting" });
  // ResourceManager starts nothing that says it runs; the start of an agent must itself be harmless then.
  launch(turn, place, resource.kind === "script" ? "status" : "start");
}

function release(turn: Turn, place: ItemPlace, item: Item): void {
  const { run, phase } = item;
  if (run?.action === "monitor" && !run.killed) {
    setItem(turn, place, { ...item, run: { ...run, killed: true } });
    turn.actions.push({ type: "kill", id: run.id });
  }
  if (run) return;
  const again = phase === "stopping" && nowOf(turn) >= (item.dueAt ?? 0);
  if (phase !== "running" && phase !== "failed" && !again) return;
  const { dueAt: _, ...rest } = item;
  if (again) log(turn, RESOURCE_WORDS.retryingStop(itemAt(turn, place).resource.word));
  setItem(turn, place, { ...rest, phase: "stopping" });
  launch(turn, place, "stop");
}

function launch(turn: Turn, place: ItemPlace, action: ItemAction): void {
  const { config, resource, item } = itemAt(turn, place);
  const context = { self: turn.state.setup.self, group: config };
  const program = programFor(resource, action, context);
  if (program === undefined) return;
  const runs = turn.state.runs + 1;
  const id = `resource ${config.node} ${resource.word} ${action} ${runs}`;
  turn.state = { ...turn.state, runs };
  const { dueAt: _, ...rest } = item;
  setItem(turn, place, { ...rest, run: { id, action, killed: false } });
  if (action === "start" || action === "stop") log(turn, RESOURCE_WORDS.running(resource.word, action));
  turn.actions.push({ type: "run", id, program });
}

/** A program is gone; one that is not of a resource is none of this part's business. */
export function onProgramEnded(turn: Turn, id: string, outcome: ProgramOutcome, output: string): void {
  for (const [index, group] of turn.state.groups.entries()) {
    const at = group.items.findIndex(({ run }) => run?.id === id);
    if (at < 0) continue;
    const { run, ...item } = itemOf(group, at);
    setItem(turn, { index, at }, item);
    if (run) ENDED[run.action](turn, { index, at }, outcome, output);
    return;
  }
}

type Ended = (turn: Turn, place: ItemPlace, outcome: ProgramOutcome, output: string) => void;

const ENDED: Readonly<Record<ItemAction, Ended>> = {
  status: statusEnded,
  start: startEnded,
  stop: stopEnded,
  monitor: monitorEnded,
};

function statusEnded(turn: Turn, place: ItemPlace, outcome: ProgramOutcome, output: string): void {
  const { resource, item } = itemAt(turn, place);
  const verdict = verdictOf(resource, outcome, output);
  if (outcome.kind === "error") log(turn, RESOURCE_WORDS.cannotLocate(resource.word, outcome.error));
  if (item.phase === "unknown") probed(turn, place, verdict);
  else if (item.phase === "stopping") verified(turn, place, verdict);
  else if (item.phase !== "starting") return;
  else if (verdict === "running") {
    log(turn, RESOURCE_WORDS.alreadyRunning(resource.word));
    runs(turn, place, true);
  } else if (levelOf(turn.state, place.index) > place.at) launch(turn, place, "start");
  else setItem(turn, place, STOPPED);
}

function probed(turn: Turn, place: ItemPlace, verdict: Verdict): void {
  const { resource, item } = itemAt(turn, place);
  if (verdict === "stopped") {
    setItem(turn, place, STOPPED);
    return;
  }
  const wanted = levelOf(turn.state, place.index) > place.at && verdict === "running";
  if (wanted) runs(turn, place, true);
  else {
    if (verdict === "running") log(turn, RESOURCE_WORDS.activeAtStart(resource.word));
    setItem(turn, place, { ...item, phase: "failed" });
  }
}

function startEnded(turn: Turn, place: ItemPlace, outcome: ProgramOutcome, output: string): void {
  if (succeeded(outcome)) {
    runs(turn, place, "unknown");
    return;
  }
  const { resource, item } = itemAt(turn, place);
  const how = outcomeWords(outcome, output);
  log(turn, RESOURCE_WORDS.failedProgram(resource.word, "start", how));
  const reason = `start: ${how}`;
  setItem(turn, place, { ...item, phase: "failed", reason });
  markFailed(turn, place, reason);
}

/** The item is there. `watched` is true when its status has said so. */
function runs(turn: Turn, place: ItemPlace, watched: Item["watched"]): void {
  const { config, resource } = itemAt(turn, place);
  const now = nowOf(turn);
  const { monitor } = config;
  const looks = monitor !== undefined && resource.kind !== "failover";
  const known = resource.kind === "ocf" || watched;
  const pause = known === true ? monitor?.interval : Math.min(FIRST_LOOK, monitor?.interval ?? FIRST_LOOK);
  setItem(turn, place, {
    ...STOPPED,
    phase: "running",
    watched: known,
    runningSince: now,
    ...(looks && { dueAt: now + (pause ?? 0) }),
  });
}

function stopEnded(turn: Turn, place: ItemPlace, outcome: ProgramOutcome, output: string): void {
  const { config, resource, item } = itemAt(turn, place);
  const how = outcomeWords(outcome, output);
  // Piranha's services fail their stop when they do not run; what cannot be started has not run either.
  const gone = succeeded(outcome) || outcome.kind === "error";
  if (gone || (resource.kind === "failover" && outcome.kind === "exit")) {
    if (!succeeded(outcome)) log(turn, RESOURCE_WORDS.failedProgram(resource.word, "stop", how));
    stopped(turn, place);
    return;
  }
  log(turn, RESOURCE_WORDS.failedProgram(resource.word, "stop", how));
  const attempts = item.attempts + 1;
  const most =
    outcome.kind === "timeout" ? Math.min(TRIES_AFTER_TIMEOUT, config.stopRetries) : config.stopRetries;
  const next: Item = { ...item, phase: "stopping", attempts, reason: `stop: ${how}` };
  if (attempts <= most) setItem(turn, place, { ...next, dueAt: nowOf(turn) + STOP_PAUSE });
  else {
    setItem(turn, place, next);
    // An agent's failed stop is final; a script's may only mean that there was nothing to stop.
    if (resource.kind === "script") launch(turn, place, "status");
    else selfFenceOrBlock(turn, place, next.reason ?? how);
  }
}

/** What failed here stays visible until it runs again. */
function stopped(turn: Turn, place: ItemPlace): void {
  const { item } = itemAt(turn, place);
  const failed = isGivenUp(groupAt(turn.state, place.index).group);
  const { reason } = item;
  setItem(turn, place, { ...STOPPED, ...(failed && reason !== undefined && { reason }) });
}

function verified(turn: Turn, place: ItemPlace, verdict: Verdict): void {
  const { resource, item } = itemAt(turn, place);
  if (verdict !== "stopped") {
    selfFenceOrBlock(turn, place, item.reason ?? "stop failed");
    return;
  }
  for (const line of RESOURCE_WORDS.notCompliant(resource.word)) log(turn, line);
  stopped(turn, place);
}

function monitorEnded(turn: Turn, place: ItemPlace, outcome: ProgramOutcome, output: string): void {
  const { config, resource, item } = itemAt(turn, place);
  if (item.phase !== "running" || outcome.kind === "killed") return;
  const interval = config.monitor?.interval ?? 0;
  const next = { ...item, dueAt: nowOf(turn) + interval };
  if (verdictOf(resource, outcome, output) === "running") setItem(turn, place, { ...next, watched: true });
  else if (item.watched === true) itemFailed(turn, place, `status: ${outcomeWords(outcome, output)}`);
  else {
    setItem(turn, place, { ...item, watched: false });
    log(turn, RESOURCE_WORDS.unwatched(resource.word));
  }
}
