// The power supply of the simulated boxes as a fencing device: a command that names a box cuts its power, unless the switch
// fails. What was asked for happens whether or not the process that asked is still there.

import type { Program, ProgramOutcome } from "../../../firmware/core/program.ts";
import type { Chance } from "./chance.ts";
import type { Schedule } from "./schedule.ts";

export type SwitchMood = "works" | "fails" | "hangs" | "works and says that it failed";

type Ended = (outcome: ProgramOutcome, output: string) => void;

/** From the command to the cut, ms. */
const FASTEST = 20;
const SLOWEST = 600;

export class PowerSwitch {
  mood: SwitchMood = "works";
  readonly #schedule: Schedule;
  readonly #cut: (node: string) => void;
  /** Drawn from only when a command comes, so that stories without fencing stay what they are. */
  readonly #fork: () => Chance;
  #chance: Chance | undefined;
  readonly #running = new Map<string, Ended>();

  constructor(schedule: Schedule, fork: () => Chance, cut: (node: string) => void) {
    this.#schedule = schedule;
    this.#fork = fork;
    this.#cut = cut;
  }

  run(id: string, { environment, timeout = 0 }: Program, ended: Ended): void {
    const node = environment?.FENCE_NODE ?? "";
    const { mood } = this;
    this.#running.set(id, ended);
    this.#chance ??= this.#fork();
    if (mood === "hangs") {
      this.#schedule.after(timeout, () => this.#end(id, { kind: "timeout" }));
      return;
    }
    this.#schedule.after(this.#chance.between(FASTEST, SLOWEST), () => {
      if (!this.#running.has(id)) return;
      if (mood !== "fails") this.#cut(node);
      this.#end(id, { kind: "exit", code: mood === "works" ? 0 : 1 });
    });
  }

  kill(id: string): void {
    this.#end(id, { kind: "killed" });
  }

  #end(id: string, outcome: ProgramOutcome): void {
    const ended = this.#running.get(id);
    if (!this.#running.delete(id)) return;
    this.#schedule.after(1, () =>
      ended?.(outcome, outcome.kind === "exit" && outcome.code > 0 ? "no answer" : ""),
    );
  }
}
