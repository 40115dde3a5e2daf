// The programs of a simulated box: resource scripts, OCF agents and failover services, each standing for one service that
// outlives the process of the node and not the power of the box. Every call takes its time and ends as a story says.

import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import type { CheckSpec, Program, ProgramOutcome } from "../../../firmware/core/program.ts";
import type { ProgramResource } from "../../../firmware/core/resource/group-state.ts";
import { isProgram } from "../../../firmware/core/resource/group-state.ts";
import type { Chance } from "./chance.ts";
import type { Schedule } from "./schedule.ts";

export type Call = "start" | "stop" | "status";

/** How the next calls of one kind go, until the story says otherwise. */
export interface Behaviour {
  /** Exit code; absent: 0, with what the call is for done. */
  readonly exit?: number;
  /** It never ends by itself. */
  readonly hangs?: boolean;
  /** Milliseconds; absent: a few, by chance. */
  readonly takes?: number;
}

type Ended = (outcome: ProgramOutcome, output: string) => void;

interface Run {
  readonly word: string;
  readonly end: Ended;
  over: boolean;
}

const SLOWEST = 20;

export class SimulatedPrograms {
  /** The services that run, by the words of the cluster file. */
  readonly running = new Set<string>();
  /** Those that have died since they were last started or stopped. */
  readonly died = new Set<string>();
  /** Called before a program of the resource runs. */
  called: (word: string, call: Call) => void = () => {};
  /** Called when a service comes or goes. */
  changed: () => void = () => {};
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #runs = new Map<string, Run>();
  readonly #resources: readonly ProgramResource[];
  readonly #schedule: Schedule;
  /** Drawn from only when a program runs, so that stories without programs stay what they are. */
  readonly #fork: () => Chance;
  #chance: Chance | undefined;

  constructor({ resources }: ClusterConfig, schedule: Schedule, fork: () => Chance) {
    this.#resources = resources.flatMap((group) => group.resources.filter(isProgram));
    this.#schedule = schedule;
    this.#fork = fork;
  }

  get words(): readonly string[] {
    return this.#resources.map(({ word }) => word);
  }

  behave(word: string, call: Call, behaviour: Behaviour): void {
    this.#behaviours.set(`${word} ${call}`, behaviour);
  }

  behaveWell(): void {
    this.#behaviours.clear();
  }

  /** The service dies by itself. */
  fail(word: string): void {
    if (!this.running.delete(word)) return;
    this.died.add(word);
    this.changed();
  }

  isBusy(word: string): boolean {
    return [...this.#runs.values()].some((run) => run.word === word);
  }

  /** `alive` tells whether the process that asked is still there; what it started goes on without it. */
  run(id: string, program: Program, ended: Ended): void {
    const { resource, call } = this.#calledBy(program);
    this.called(resource.word, call);
    this.#chance ??= this.#fork();
    const {
      exit = 0,
      hangs = false,
      takes = this.#chance.between(1, SLOWEST),
    } = this.#behaviours.get(`${resource.word} ${call}`) ?? {};
    const run: Run = { word: resource.word, end: ended, over: false };
    this.#runs.set(id, run);
    const limit = program.timeout ?? Number.POSITIVE_INFINITY;
    if (hangs || takes > limit) {
      if (Number.isFinite(limit))
        this.#schedule.after(limit, () => this.#finish(id, run, { kind: "timeout" }, ""));
      return;
    }
    this.#schedule.after(takes, () => {
      if (run.over) return;
      if (exit === 0) this.#act(resource.word, call);
      const [code, output] = exit === 0 && call === "status" ? this.#status(resource) : [exit, ""];
      this.#finish(id, run, { kind: "exit", code }, output);
    });
  }

  kill(id: string): void {
    const run = this.#runs.get(id);
    if (run !== undefined) this.#schedule.after(1, () => this.#finish(id, run, { kind: "killed" }, ""));
  }

  /** Whether the check finds its service answering. */
  answers({ id }: CheckSpec): boolean {
    return this.running.has(id.replace(/^failover /, ""));
  }

  /** The process that started them dies, and they with it. */
  abandon(): void {
    for (const run of this.#runs.values()) run.over = true;
    this.#runs.clear();
  }

  cutPower(): void {
    this.abandon();
    this.running.clear();
    this.behaveWell();
  }

  #finish(id: string, run: Run, outcome: ProgramOutcome, output: string): void {
    if (run.over) return;
    run.over = true;
    this.#runs.delete(id);
    run.end(outcome, output);
  }

  #act(word: string, call: Call): void {
    const before = this.running.has(word);
    if (call !== "status") this.died.delete(word);
    if (call === "start") this.running.add(word);
    if (call === "stop") this.running.delete(word);
    if (before !== this.running.has(word)) this.changed();
  }

  #status(resource: ProgramResource): readonly [number, string] {
    const runs = this.running.has(resource.word);
    if (resource.kind === "ocf") return [runs ? 0 : 7, ""];
    return runs ? [0, `${resource.word} is running`] : [3, `${resource.word} is not running`];
  }

  #calledBy({ command }: Program): { readonly resource: ProgramResource; readonly call: Call } {
    const last = command.at(-1) === "monitor" ? "status" : command.at(-1);
    const called = command.slice(0, -1).join(" ");
    const resource = this.#resources.find((each) => commandOf(each) === called);
    if (resource === undefined || (last !== "start" && last !== "stop" && last !== "status"))
      throw new Error(`no resource has the command ${command.join(" ")}`);
    return { resource, call: last };
  }
}

function commandOf(resource: ProgramResource): string {
  if (resource.kind === "script") return [resource.name, ...resource.args].join(" ");
  if (resource.kind === "failover") return resource.start.slice(0, -1).join(" ");
  return `/usr/lib/ocf/resource.d/${resource.provider}/${resource.agent}`;
}
