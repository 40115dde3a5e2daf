// Fencing between a peer's death and the takeover of its groups: a silent peer may live on and hold them, so where the cluster
// file says how, it is switched off first. It is tried again until it succeeds, until the peer is heard again, or until an
// operator says that he has done it by hand (`pulsebox fenced`). What this node holds already it keeps.
// heartbeat calls it STONITH and has it at the same place (hb_resource.c, hb_rsc_recover_dead_resources).

import type { FencingConfig } from "../config/cluster.ts";
import { record } from "../decision.ts";
import type { NodeState } from "../node.ts";
import type { ProgramOutcome } from "../program.ts";
import { earliest } from "../time.ts";
import { log, nowOf, send, type Turn } from "../turn.ts";
import {
  deviceName,
  type FenceStep,
  failureWords,
  fenceProgram,
  isDoneByAct,
  saysOff,
  succeeded,
} from "./fence-device.ts";
import { WORDS } from "./log-words.ts";
import type { Peer } from "./membership.ts";

export interface Fencing {
  readonly node: string;
  readonly stage: "waiting" | "running" | "done";
  readonly step: FenceStep;
  /** Attempts begun. */
  readonly attempts: number;
  /** waiting: when `step` is due; monotonic ms. */
  readonly at: number;
  /** When the attempt under way has failed; monotonic ms. */
  readonly deadline: number;
  /** The program that runs. */
  readonly run?: string;
  /** Why the last attempt failed. */
  readonly failure?: string;
  /** Why the controller refused in this attempt. */
  readonly refusal?: string;
  /** Who did it. */
  readonly by?: "device" | "operator";
}

export interface Fencings {
  /** By node: every dead peer that must be fenced, or was. */
  readonly nodes: ReadonlyMap<string, Fencing>;
  /** Programs started so far. */
  readonly runs: number;
}

export const NO_FENCINGS: Fencings = { nodes: new Map(), runs: 0 };

/** Between two attempts, ms: twice as long after each, up to the longest. */
const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 30_000;
/** Between two looks at a power that is going off, ms. */
const LOOK_AGAIN = 1000;
/** What a look may take when the attempt's own time is used up, ms. */
const SHORTEST_LOOK = 1000;

function configOf({ cluster }: NodeState, node: string): FencingConfig | undefined {
  return cluster.nodes.find(({ name }) => name === node)?.fencing;
}

/** True when nothing speaks against taking a dead peer's groups; else its fencing goes on, or begins. */
export function mayTakeFrom(turn: Turn, peer: Peer): boolean {
  const { state } = turn;
  const config = configOf(state, peer.name);
  if (config === undefined || peer.departed || hasEverything(state)) return true;
  const fencing = state.fencings.nodes.get(peer.name);
  if (fencing !== undefined) return fencing.stage === "done";
  const now = nowOf(turn);
  const { delay, timeout } = config;
  set(turn, {
    node: peer.name,
    stage: "waiting",
    step: "act",
    attempts: 0,
    at: now + delay,
    deadline: now + delay + timeout,
  });
  log(turn, WORDS.fencingNeeded(peer.name, delay));
  return false;
}

/** There is nothing to take. */
function hasEverything({ cluster, claim }: NodeState): boolean {
  return cluster.resources.every(({ node }) => claim.sides.has(node));
}

/** heartbeat's result for its stonith message when the dead peer's groups are taken over. */
export function stonithResult(state: NodeState, peer: Peer): "OK" | "n_stnth" | "unneeded" {
  if (state.fencings.nodes.get(peer.name)?.stage === "done") return "OK";
  return configOf(state, peer.name) === undefined && !peer.departed ? "n_stnth" : "unneeded";
}

/** True while the groups of a dead peer wait for its fencing. */
export function awaitsFencing({ fencings }: NodeState): boolean {
  return [...fencings.nodes.values()].some(({ stage }) => stage !== "done");
}

/** Monotonic ms of the next step that is due. */
export function nextFencing({ nodes }: Fencings): number | undefined {
  return earliest([...nodes.values()].filter(({ stage }) => stage === "waiting").map(({ at }) => at));
}

/** Starts what is due, and ends the fencing of whoever is not dead any more. */
export function advanceFencing(turn: Turn): void {
  for (const fencing of turn.state.fencings.nodes.values()) {
    const dead = turn.state.peers.get(fencing.node)?.status === "dead";
    if (!dead || turn.state.self.phase !== "running") abandon(turn, fencing);
    else if (fencing.stage === "waiting" && nowOf(turn) >= fencing.at) start(turn, fencing);
  }
}

function abandon(turn: Turn, { node, stage, run }: Fencing): void {
  const nodes = new Map(turn.state.fencings.nodes);
  nodes.delete(node);
  turn.state = { ...turn.state, fencings: { ...turn.state.fencings, nodes } };
  if (run !== undefined) turn.actions.push({ type: "kill", id: run });
  if (stage === "done") return;
  record(turn, { what: "fencing", step: "ended", node });
  log(turn, WORDS.fencingEnded(node));
}

function start(turn: Turn, before: Fencing): void {
  const { node, step } = before;
  const config = configOf(turn.state, node);
  if (config === undefined) return;
  const now = nowOf(turn);
  const device = deviceName(config);
  const begins = step === "act";
  const attempt = begins
    ? { ...before, attempts: before.attempts + 1, deadline: now + config.timeout }
    : before;
  if (begins) log(turn, WORDS.resetting(node, device));
  if (attempt.attempts === 1 && begins) record(turn, { what: "fencing", step: "begun", node, device });
  const runs = turn.state.fencings.runs + 1;
  const run = `fence ${node} ${runs}`;
  turn.state = { ...turn.state, fencings: { ...turn.state.fencings, runs } };
  set(turn, { ...attempt, stage: "running", run });
  const timeout = Math.max(SHORTEST_LOOK, attempt.deadline - now);
  turn.actions.push({ type: "run", id: run, program: fenceProgram(node, config, step, timeout) });
}

/** The end of any program; those that are not ours, or no longer of interest, are left alone. */
export function onFenceEnded(turn: Turn, id: string, outcome: ProgramOutcome, output: string): void {
  const fencing = [...turn.state.fencings.nodes.values()].find(({ run }) => run === id);
  const config = fencing && configOf(turn.state, fencing.node);
  if (fencing === undefined || config === undefined) return;
  const { run: _, ...ended } = fencing;
  const good = succeeded(outcome);
  if (fencing.step === "act") {
    if (good && isDoneByAct(config)) succeed(turn, ended, "device");
    else if (config.kind === "command") fail(turn, ended, config, failureWords(outcome, output));
    else look(turn, good ? ended : { ...ended, refusal: failureWords(outcome, output) }, 0);
  } else if (good && saysOff(output)) succeed(turn, ended, "device");
  else if (ended.refusal !== undefined) fail(turn, ended, config, ended.refusal);
  else if (nowOf(turn) + LOOK_AGAIN < ended.deadline) look(turn, ended, LOOK_AGAIN);
  else fail(turn, ended, config, good ? "the power is still on" : failureWords(outcome, output));
}

/** A controller that refuses "power off" may do so because it is off. */
function look(turn: Turn, fencing: Fencing, pause: number): void {
  set(turn, { ...fencing, stage: "waiting", step: "verify", at: nowOf(turn) + pause });
}

function succeed(turn: Turn, fencing: Fencing, by: "device" | "operator"): void {
  const { node, attempts } = fencing;
  record(turn, { what: "fencing", step: by === "device" ? "succeeded" : "confirmed", node, attempts });
  log(turn, by === "device" ? WORDS.nodeReset(node) : WORDS.fencedByHand(node));
  set(turn, { ...fencing, stage: "done", by });
}

function fail(turn: Turn, fencing: Fencing, config: FencingConfig, why: string): void {
  const { node, attempts } = fencing;
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempts - 1, 10));
  // One that goes on failing for the same reason must not push everything else out of the log of decisions.
  if (attempts === 1 || fencing.failure !== why || attempts % 100 === 0) {
    record(turn, {
      what: "fencing",
      step: "failed",
      node,
      device: deviceName(config),
      attempts,
      reason: why,
    });
  }
  log(turn, WORDS.notReset(node));
  log(turn, WORDS.stonithFailed(node));
  log(turn, WORDS.fencingFailed(node, attempts, why, pause));
  send(turn, { type: "stonith", node, result: "bad" });
  const { refusal: _, ...rest } = fencing;
  set(turn, { ...rest, stage: "waiting", step: "act", at: nowOf(turn) + pause, failure: why });
}

/** Why an operator's word that `node` is off is not wanted; undefined when the takeover waits for it. */
function confirmationRefusal(state: NodeState, node: string): string | undefined {
  const fencing = state.fencings.nodes.get(node);
  if (fencing !== undefined && fencing.stage !== "done") return undefined;
  if (node === state.setup.self) return `${node} is this node`;
  const peer = state.peers.get(node);
  if (peer === undefined) return `${node} is not in this cluster`;
  if (fencing !== undefined) return `${node} is fenced already`;
  return peer.status === "dead"
    ? `nothing waits for ${node} to be fenced`
    : `${node} is not dead, but ${peer.status}`;
}

/** An operator says that he has switched it off by hand; returns why that is refused. */
export function confirmFenced(turn: Turn, node: string): string | undefined {
  const error = confirmationRefusal(turn.state, node);
  const fencing = turn.state.fencings.nodes.get(node);
  if (error !== undefined || fencing === undefined) return error;
  const { run, ...rest } = fencing;
  if (run !== undefined) turn.actions.push({ type: "kill", id: run });
  succeed(turn, rest, "operator");
  return undefined;
}

function set(turn: Turn, fencing: Fencing): void {
  const nodes = new Map(turn.state.fencings.nodes).set(fencing.node, fencing);
  turn.state = { ...turn.state, fencings: { ...turn.state.fencings, nodes } };
}
