// One seed, one run: a story is played in a world, and what went wrong comes with everything needed to see it again.

import { Chance } from "./chance.ts";
import { playStory } from "./faults.ts";
import type { Logic } from "./logic.ts";
import { PROGRAM_FAULTS, programConfig } from "./program-faults.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  /** Simulated milliseconds until the story comes to its end, which takes some more. */
  readonly ms: number;
  /** How many nodes; absent: two or three, by the seed. */
  readonly nodes?: number;
  readonly logic?: Logic;
  readonly print?: (line: string) => void;
}

export interface RunResult {
  /** What it was made of: the same gives the same run. */
  readonly seed: number;
  readonly asked: number;
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

/** Plays in that world: an exception is what went wrong. */
export function attempt({ seed, ms, nodes }: RunOptions, world: World, play: () => void): RunResult {
  const result = (): RunResult => {
    const { moves, longestDouble, longestGap } = world.watch;
    const form = `${world.boxes.length} nodes, ${world.form}`;
    const made = { seed, asked: ms, ...(nodes !== undefined && { nodes }) };
    return { ...made, form, ms: world.schedule.now, moves, longestDouble, longestGap };
  };
  try {
    play();
    return result();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = `at ${(world.schedule.now / 1000).toFixed(4)} s: ${reason}`;
    return { ...result(), failure: { reason: where, trace: world.trace.tail() } };
  }
}

/** What a world needs of the options of its run. */
export function worldOf({ seed, nodes, logic, print }: RunOptions): ConstructorParameters<typeof World>[0] {
  return { seed, ...(nodes !== undefined && { nodes }), ...(logic && { logic }), ...(print && { print }) };
}

/** Crashes, cuts, pauses, operators and attackers. */
export function runSeed(options: RunOptions): RunResult {
  const world = new World(worldOf(options));
  return attempt(options, world, () => playStory(world, options.ms));
}

/** The same for groups of scripts and agents, which have misfortunes of their own; always two nodes. */
export function runProgramsSeed(options: RunOptions): RunResult {
  const world = new World({ ...worldOf(options), config: programConfig(new Chance(options.seed)) });
  return attempt(options, world, () => playStory(world, options.ms, PROGRAM_FAULTS));
}
