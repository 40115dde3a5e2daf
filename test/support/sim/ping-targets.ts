// The ping nodes of the simulated world: each answers a box unless the way between the two is broken.

import type { Action } from "../../../firmware/core/action.ts";
import type { Address } from "../../../firmware/core/config/cluster.ts";
import type { Box } from "./box.ts";
import type { Chance } from "./chance.ts";
import type { Schedule } from "./schedule.ts";

/** From the question to the answer, ms. */
const ROUND_TRIP = 0.4;

export class PingTargets {
  readonly #broken = new Set<string>();
  readonly #schedule: Schedule;
  #lost: () => boolean = () => false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Breaks or repairs the way between a box and an address. */
  set(box: Box, target: Address, reachable: boolean): void {
    if (reachable) this.#broken.delete(`${box.name} ${target}`);
    else this.#broken.add(`${box.name} ${target}`);
  }

  /** Of all answers from now on, so many are lost; 0 to 1. */
  lose(share: number, chance: Chance): void {
    this.#lost = () => chance.happens(share);
  }

  repair(): void {
    this.#broken.clear();
  }

  reaches(box: Box, target: Address): boolean {
    return !this.#broken.has(`${box.name} ${target}`);
  }

  ask(box: Box, { target, bytes }: Extract<Action, { type: "ping" }>): void {
    if (!this.reaches(box, target) || this.#lost()) return;
    const start = box.starts;
    this.#schedule.after(ROUND_TRIP, () => {
      if (box.starts === start) box.deliver({ type: "echo", source: target, bytes });
    });
  }
}
