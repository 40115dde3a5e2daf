// One contender on both boxes of a laboratory, and which of the two owns the service address just now.

import { until } from "../../test/support/until.ts";
import type { Contender, Daemon, Rhythm } from "./contender.ts";
import { type Box, Laboratory, serviceAddress } from "./laboratory.ts";
import { killAll } from "./processes.ts";
import type { Setting } from "./setting.ts";

/** Until a start, a take-over or an end must have happened, milliseconds; heartbeat's first start takes some 15 s. */
export const patience = 90_000;

export interface Side {
  readonly box: Box;
  readonly daemon: Daemon;
}

export class Pair {
  readonly lab: Laboratory;
  readonly rhythm: Rhythm;
  owner: Side;
  other: Side;
  /** How often the address moved while nothing had happened. */
  flaps = 0;

  private constructor(lab: Laboratory, rhythm: Rhythm, sides: readonly [Side, Side]) {
    this.lab = lab;
    this.rhythm = rhythm;
    [this.owner, this.other] = sides;
  }

  /** Both run and one owns the address when this resolves. */
  static async start(contender: Contender, setting: Setting): Promise<Pair> {
    const lab = await Laboratory.create();
    try {
      const [first, second] = await contender.place(lab.boxes, setting);
      const [one, two] = lab.boxes;
      const pair = new Pair(lab, contender.rhythm(setting), [
        { box: one, daemon: first },
        { box: two, daemon: second },
      ]);
      await Promise.all([first.start(), second.start()]);
      await pair.findOwner();
      await pair.quiet();
      return pair;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Two that start together may both own for a moment: who is alone for longer than a detection is the owner. */
  async findOwner(): Promise<void> {
    const [one, two] = [this.owner.box, this.other.box];
    let alone: Box | undefined;
    let since = 0;
    const lasting = (): boolean => {
      const now = one.holds === two.holds ? undefined : one.holds ? one : two;
      if (now !== alone) since = performance.now();
      alone = now;
      return alone !== undefined && performance.now() - since > this.rhythm.detection;
    };
    await until(`one box keeps ${serviceAddress}`, lasting, patience);
    if (alone === two) this.swap();
  }

  swap(): void {
    [this.owner, this.other] = [this.other, this.owner];
  }

  /**
   * Waits until the owner is alone with the address, answers the client and has been in its rhythm for two intervals, and then for
   * a random part of a third: whatever is done next meets the daemons at any point of their rhythm.
   */
  async quiet(): Promise<void> {
    for (;;) {
      const { owner } = this;
      await this.findOwner();
      const alone = (): boolean => owner === this.owner && owner.box.holds && !this.other.box.holds;
      const answered = await this.lab.ping.answered(performance.now(), patience);
      const lived = answered + 2 * this.rhythm.interval + 100;
      const over = (): boolean => !alone() || this.lab.signs.last(owner.box.number) > lived;
      await until(`${owner.box.name} goes on showing that it lives`, over, patience);
      await pause(this.rhythm.interval * Math.random());
      if (alone()) return;
      this.flaps += 1;
    }
  }

  /** Brings back a box whose daemon was killed, as a power cut leaves it: the other one owns the address now. */
  async revive(dead: Side): Promise<void> {
    await dead.box.forget();
    await dead.box.plug("up");
    await dead.daemon.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killAll([this.owner, this.other].flatMap(({ daemon }) => daemon.processes()));
    await this.lab[Symbol.asyncDispose]();
  }
}

/** Time that is measured, or that a daemon is given to do what it must not: there is nothing to wait for. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
