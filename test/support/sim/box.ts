// A simulated box: power, kernel, clock, and the process that runs the core. Crash, power cut, pause and the hardware
// watchdog are here; what comes of them is the core's business. Queues behave as the real ones: what arrives during a
// pause waits in the socket buffers, and what falls due during a pause fires once afterwards.

import type { Action } from "../../../firmware/core/action.ts";
import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import type { Event, MediumSetup, NodeSetup, ObservedAddress } from "../../../firmware/core/event.ts";
import type { CheckSpec, Program } from "../../../firmware/core/program.ts";
import { nodeSetup, ROUTES } from "../cluster-config.ts";
import type { Chance } from "./chance.ts";
import { deepFreeze } from "./freeze.ts";
import { SimulatedKernel } from "./kernel.ts";
import type { Logic, NodeState } from "./logic.ts";
import type { PowerSwitch } from "./power-switch.ts";
import { SimulatedPrograms } from "./programs.ts";
import type { Schedule } from "./schedule.ts";

/** An event without its stamp. */
type Bare = Event extends infer E ? (E extends Event ? Omit<E, "now" | "draw"> : never) : never;
export type BareEvent = Bare;

export interface BoxObserver {
  stepped(box: Box, event: Event, before: NodeState, after: NodeState, actions: readonly Action[]): void;
  /** An address came or went. */
  kernelChanged(box: Box): void;
  planned(box: Box, changes: ReturnType<Logic["plan"]>): void;
}

export interface BoxSurroundings extends BoxObserver {
  /** The device that fences, outside of all boxes. */
  readonly powerSwitch: PowerSwitch;
}

/** Frames that fit into the socket buffers of a process that does not read. */
const BACKLOG = 300;
/** From a reset to the start of the process, ms. */
const RESET_TAKES = 5000;

export class Box {
  readonly name: string;
  readonly media: readonly MediumSetup[];
  readonly kernel: SimulatedKernel;
  readonly programs: SimulatedPrograms;
  state: NodeState | undefined;
  powered = false;
  paused = false;
  /** Number of process starts so far: heartbeat's generation, and a guard for what was scheduled for an earlier one. */
  starts = 0;
  startedAt = 0;
  /** Seconds that the wall clock is off, and how fast the monotonic clock runs. */
  wallOffset = 0;
  drift = 1;
  /** What the kernel and the process take at most to change addresses and to report them, ms. */
  slowness = 2;
  /** When something last befell this box itself, true ms. */
  touchedAt = 0;
  readonly #config: ClusterConfig;
  readonly #logic: Logic;
  readonly #schedule: Schedule;
  readonly #chance: Chance;
  readonly #observer: BoxSurroundings;
  readonly #base: number;
  #backlog: BareEvent[] = [];
  #checks: ReadonlyMap<string, object> = new Map();
  #wake = 0;
  #pauses = 0;
  #ended = false;
  /** Whether states are made unchangeable: slow, so not in every run. */
  readonly #frozen: boolean;

  constructor(
    name: string,
    media: readonly MediumSetup[],
    config: ClusterConfig,
    logic: Logic,
    schedule: Schedule,
    chance: Chance,
    observer: BoxSurroundings,
  ) {
    this.name = name;
    this.media = media;
    this.#config = config;
    this.#logic = logic;
    this.#schedule = schedule;
    this.#chance = chance;
    this.#observer = observer;
    this.#frozen = chance.happens(0.25);
    this.#base = chance.between(0, 100_000);
    this.kernel = new SimulatedKernel(baseAddresses(config, name));
    this.programs = new SimulatedPrograms(config, schedule, () => chance.fork());
    this.programs.changed = () => observer.kernelChanged(this);
  }

  get running(): boolean {
    return this.state !== undefined;
  }

  boot(): void {
    if (this.powered) return;
    this.powered = true;
    this.startProcess();
  }

  startProcess(): void {
    if (!this.powered || this.state !== undefined) return;
    this.starts++;
    this.touch();
    this.#ended = false;
    this.startedAt = this.#schedule.now;
    const setup: NodeSetup = nodeSetup(this.name, this.starts, this.media);
    this.state = this.#logic.createNode(this.#config, setup);
    if (this.#frozen) deepFreeze(this.state);
    this.deliver({ type: "start" });
    this.#observe();
  }

  /** The process dies; addresses stay. */
  crash(): void {
    this.touch();
    this.state = undefined;
    this.#backlog = [];
    this.#checks = new Map();
    this.programs.abandon();
    this.paused = false;
    this.#wake++;
  }

  cutPower(): void {
    this.crash();
    this.powered = false;
    this.kernel.reset();
    this.programs.cutPower();
    this.#observer.kernelChanged(this);
  }

  /** The reset button: power goes and comes back, and with it what the box starts by itself. */
  reset(): void {
    if (!this.powered) return;
    this.cutPower();
    this.#schedule.after(RESET_TAKES, () => this.boot());
  }

  pause(): number {
    this.touch();
    this.paused = true;
    return ++this.#pauses;
  }

  /** True when it is still in the pause with that number. */
  isInPause(number: number): boolean {
    return this.paused && this.#pauses === number;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.touch();
    const waiting = this.#backlog;
    this.#backlog = [];
    const tick = (): void => {
      if (this.#isDue()) this.#take({ type: "tick" });
    };
    // Timers before sockets or after them: the event loop of the process decides, not the core.
    const timersFirst = this.#chance.happens(0.5);
    if (timersFirst) tick();
    for (const event of waiting) this.#take(event);
    this.#rearm();
  }

  deliver(event: BareEvent): void {
    if (this.state === undefined) return;
    if (!this.paused) this.#take(event);
    else if (event.type !== "tick" && this.#backlog.length < BACKLOG) this.#backlog.push(event);
  }

  touch(): void {
    this.touchedAt = this.#schedule.now;
  }

  /** Somebody takes an address away behind the core's back; the kernel reports it. */
  removeByHand(address: string): void {
    this.touch();
    for (const each of this.kernel.addresses.filter((have) => have.address === address)) {
      this.kernel.apply({ type: "remove", address: each });
    }
    this.#observer.kernelChanged(this);
    this.#observe();
  }

  /** The monotonic clock of the box. */
  clock(): number {
    return (this.#base + this.#schedule.now) * this.drift;
  }

  #take(event: BareEvent): void {
    const before = this.state;
    if (before === undefined) return;
    const now = {
      monotonic: this.clock(),
      wall: Math.floor(1_700_000_000 + this.#schedule.now / 1000 + this.wallOffset),
    };
    const stamped = { ...event, now, draw: this.#chance.draw() } as Event;
    const { state, actions } = this.#logic.step(before, stamped);
    if (this.#frozen) deepFreeze(state);
    this.state = state;
    this.#observer.stepped(this, stamped, before, state, actions);
    for (const action of actions) this.#act(action);
    this.#rearm();
  }

  #act(action: Action): void {
    if (action.type === "reconcile")
      this.#later(this.#chance.between(0, this.slowness), () => this.#reconcile());
    if (action.type === "run") this.#run(action.id, action.program);
    if (action.type === "kill") this.#device(action.id).kill(this.#runOf(action.id));
    if (action.type === "check") this.#want(action.checks);
    if (action.type === "self-fence") this.#schedule.after(1, () => this.reset());
    if (action.type !== "stopped") return;
    this.#ended = true;
    this.#later(300, () => this.crash());
  }

  /** Whether this process has said that it is done. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A program goes on without the process; its end is told only to the process that started it. */
  #run(id: string, program: Program): void {
    const start = this.starts;
    this.#device(id).run(this.#runOf(id), program, (outcome, output) => {
      if (this.starts === start) this.deliver({ type: "program-ended", id, outcome, output });
    });
  }

  #device(id: string): Pick<SimulatedPrograms, "run" | "kill"> {
    return id.startsWith("fence ") ? this.#observer.powerSwitch : this.programs;
  }

  /** The switch serves all boxes in all their lives. */
  #runOf(id: string): string {
    return id.startsWith("fence ") ? `${this.name} ${this.starts} ${id}` : id;
  }

  #want(checks: readonly CheckSpec[]): void {
    const before = this.#checks;
    this.#checks = new Map(checks.map(({ id }) => [id, before.get(id) ?? {}]));
    for (const check of checks) if (!before.has(check.id)) this.#check(check, this.#checks.get(check.id));
  }

  /** `life` is that of the check: one that was dropped and is wanted again begins anew. */
  #check(check: CheckSpec, life: object | undefined): void {
    this.#schedule.after(check.interval, () => {
      if (this.#checks.get(check.id) !== life) return;
      const ok = this.programs.answers(check);
      this.deliver({ type: "checked", id: check.id, ok, detail: ok ? "answered" : "ECONNREFUSED" });
      this.#check(check, life);
    });
  }

  #reconcile(): void {
    const { state } = this;
    if (state === undefined) return;
    const wanted = this.#logic.wantedAddresses(state);
    const managed = this.#logic.managedAddresses(this.#config);
    const changes = this.#logic.plan(wanted, this.kernel.addresses, managed);
    this.#observer.planned(this, changes);
    for (const change of changes) {
      const error = this.kernel.apply(change);
      if (error !== undefined)
        this.deliver({ type: "change-failed", address: change.address.address, error });
    }
    this.#observer.kernelChanged(this);
    this.#observe();
  }

  #observe(): void {
    this.#later(this.#chance.between(0, this.slowness / 2), () =>
      this.deliver({ type: "observed", addresses: this.kernel.addresses, routes: ROUTES }),
    );
  }

  /** Work of this process: it waits while the process is stopped and dies with it. */
  #later(delay: number, run: () => void): void {
    const start = this.starts;
    const attempt = (): void => {
      if (this.starts !== start || this.state === undefined) return;
      if (this.paused) this.#schedule.after(1, attempt);
      else run();
    };
    this.#schedule.after(delay, attempt);
  }

  #isDue(): boolean {
    const at = this.state && this.#logic.nextWake(this.state);
    return at !== undefined && at <= this.clock();
  }

  #rearm(): void {
    const number = ++this.#wake;
    const at = this.state && this.#logic.nextWake(this.state);
    if (at === undefined) return;
    // Timers of the real process fire a little late, never early.
    const delay = (at - this.clock()) / this.drift + 0.05;
    this.#schedule.after(delay, () => {
      if (number === this.#wake && !this.paused && this.#isDue()) this.#take({ type: "tick" });
    });
  }
}

function baseAddresses(config: ClusterConfig, name: string): readonly ObservedAddress[] {
  const node = config.nodes.find((each) => each.name === name);
  return (node?.interfaces ?? []).flatMap(({ name: interfaceName, address }) =>
    address ? [{ interface: interfaceName, ...address }] : [],
  );
}
