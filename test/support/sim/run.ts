// One seed, one run: the story is played, and what went wrong comes with everything needed to see it again.

import { Chance } from "./chance.ts";
import { playStory } from "./faults.ts";
import type { Logic } from "./logic.ts";
import { PROGRAM_FAULTS, programConfig } from "./program-faults.ts";
import { World } from "./world.ts";

export interface RunResult {
  readonly seed: number;
  /** How many it was made for, if that was not left to the seed. */
  readonly nodes?: number;
  /** Simulated milliseconds. */
  readonly ms: number;
  readonly moves: number;
  /** How many nodes it had, and what joined them. */
  readonly form: string;
  /** The longest time, ms, that an address was on two kernels although the nodes heard each other. */
  readonly longestDouble: number;
  /** The longest time, ms, that an address was on no kernel although both nodes were active and heard each other. */
  readonly longestGap: number;
  /** What broke, with the trace before it; absent when all invariants held. */
  readonly failure?: { readonly reason: string; readonly trace: string };
}

export interface RunOptions {
  readonly seed: number;
  readonly ms: number;
  /** How many nodes; absent: two or three, by the seed. */
  readonly nodes?: number;
  readonly logic?: Logic;
  /** Groups of scripts and agents, and their misfortunes. */
  readonly programs?: boolean;
  readonly print?: (line: string) => void;
}

export function runSeed({ seed, ms, nodes, logic, print, programs }: RunOptions): RunResult {
  const count = nodes === undefined ? {} : { nodes };
  const config = programs === true ? programConfig(new Chance(seed)) : undefined;
  const world = new World({
    seed,
    ...count,
    ...(config && { config }),
    ...(logic && { logic }),
    ...(print && { print }),
  });
  const result = (): Omit<RunResult, "failure"> => {
    const { moves, longestDouble, longestGap } = world.watch;
    const form = `${world.boxes.length} nodes, ${world.form}`;
    return { seed, ...count, form, ms: world.schedule.now, moves, longestDouble, longestGap };
  };
  try {
    playStory(world, ms, programs === true ? PROGRAM_FAULTS : []);
    return result();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = `at ${(world.schedule.now / 1000).toFixed(4)} s: ${reason}`;
    return { ...result(), failure: { reason: where, trace: world.trace.tail() } };
  }
}

/** What to print about a failed run: how to see it again first. */
export function failureReport({ seed, nodes, failure }: RunResult): string {
  return [
    `seed ${seed} breaks an invariant ${failure?.reason}`,
    `replay: npm run sim -- --seed ${seed}${nodes === undefined ? "" : ` --nodes ${nodes}`} --trace`,
    "",
    failure?.trace.split("\n").slice(-60).join("\n"),
  ].join("\n");
}
