// One node of ours under fire: events of every kind in any order, an obedient kernel, peers that say anything. After each event
// its state must stay within its bounds, and step() itself throws when an invariant of the node is broken.

import type { Action } from "../../../firmware/core/action.ts";
import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import type { Event, ObservedAddress } from "../../../firmware/core/event.ts";
import {
  createNode,
  managedAddresses,
  type NodeState,
  nextWake,
  wantedAddresses,
} from "../../../firmware/core/node.ts";
import { plan } from "../../../firmware/core/plan.ts";
import type { ProgramOutcome } from "../../../firmware/core/program.ts";
import { step } from "../../../firmware/core/step.ts";
import type { BareEvent } from "../bench.ts";
import { nodeSetup, ROUTES } from "../cluster-config.ts";

/** What one event may ask for: 50 retransmissions on each medium, and what a change of roles says. */
const mostActions = 400;
/** Ticks at one and the same moment. */
const mostTicks = 25;

export class Rig {
  state: NodeState;
  now = 1000;
  addresses: readonly ObservedAddress[] = [];
  /** While true the kernel does what a plan says. */
  obeys = true;
  readonly #config: ClusterConfig;
  readonly #running: string[] = [];
  #draw = 1;

  constructor(config: ClusterConfig) {
    this.#config = config;
    this.state = createNode(config, nodeSetup("director1", 1));
  }

  event(event: BareEvent): void {
    this.#draw = (Math.imul(this.#draw, 1_103_515_245) + 12_345) >>> 0;
    const stamp = { now: { monotonic: this.now, wall: 1_700_000_000 }, draw: this.#draw };
    const { state, actions } = step(this.state, { ...event, ...stamp } as Event);
    this.state = state;
    if (actions.length > mostActions) throw new Error(`${actions.length} actions of one ${event.type}`);
    this.#bounded();
    for (const action of actions) this.#note(action);
    if (this.obeys && actions.some(({ type }) => type === "reconcile")) this.reconcile();
  }

  observe(): void {
    this.event({ type: "observed", addresses: this.addresses, routes: ROUTES });
  }

  reconcile(): void {
    const managed = managedAddresses(this.#config);
    for (const { type, address } of plan(wantedAddresses(this.state), this.addresses, managed)) {
      if (type === "add") this.addresses = [...this.addresses, address];
      else this.addresses = this.addresses.filter((each) => each.address !== address.address);
    }
    this.observe();
  }

  /** Time passes, tick by tick. */
  pass(ms: number): void {
    const end = this.now + ms;
    let same = 0;
    for (let at = nextWake(this.state); at !== undefined && at <= end; at = nextWake(this.state)) {
      same = at > this.now ? 0 : same + 1;
      if (same > mostTicks)
        throw new Error(`more than ${mostTicks} ticks at ${this.now}: it waits for the past`);
      this.now = Math.max(this.now, at);
      this.event({ type: "tick" });
    }
    this.now = end;
  }

  /** Time passes while the process does not run. */
  stall(ms: number): void {
    this.now += ms;
    this.event({ type: "tick" });
  }

  /** The program that was started first, of those that run, ends. */
  endProgram(outcome: ProgramOutcome): void {
    const id = this.#running.shift();
    if (id !== undefined) this.event({ type: "program-ended", id, outcome, output: "" });
  }

  #note(action: Action): void {
    if (action.type === "run") this.#running.push(action.id);
  }

  #bounded(): void {
    const { self, peers, told } = this.state;
    const sizes: [string, number, number][] = [
      ["history", self.outbox.history.length, 500],
      ["causes told", told.size, 64],
    ];
    for (const { name, inbox } of peers.values()) {
      sizes.push(
        [`holes of ${name}`, inbox.missing.size, 250],
        [`arrivals of ${name}`, inbox.arrivals.size, 1000],
      );
    }
    for (const [what, size, most] of sizes)
      if (size > most) throw new Error(`${what}: ${size}, more than ${most}`);
  }
}
