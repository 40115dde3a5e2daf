// The unplanned ends: power cut (both cables and the daemon at the same moment) and a daemon that is killed while its box
// lives on. Owner and other change roles with every run, so both boxes are measured in both roles.

import type { Contender } from "./contender.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { Pair, patience } from "./pair.ts";
import { killAll } from "./processes.ts";
import type { Setting } from "./setting.ts";

export interface Blackout {
  /** What the client sees: the longest time without an answer, milliseconds. */
  readonly seen: Figures;
  /**
   * From the owner's last sign of life to the end of the blackout, less the configured detection time, milliseconds: the
   * contender's own slowness, whatever its interval is and wherever in it the power was cut.
   */
  readonly late: Figures;
  /** How often the address moved while nothing had happened. */
  readonly flaps: number;
}

/** What the client sees of power cuts. */
export async function measureBlackout(
  contender: Contender,
  setting: Setting,
  runs: number,
): Promise<Blackout> {
  await using pair = await Pair.start(contender, setting);
  const { ping, signs } = pair.lab;
  const [seen, late]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    const { owner, other } = pair;
    const doomed = owner.daemon.processes();
    const from = performance.now();
    await owner.box.plug("down");
    killAll(doomed);
    await other.box.took(from, patience);
    await ping.answered(performance.now(), patience);
    const { length, end } = ping.longestBlackout(from);
    seen.push(length);
    late.push(end - signs.last(owner.box.number, end) - pair.rhythm.detection);
    if (run < runs - 1) await next(pair);
  }
  return { seen: figuresOf(seen), late: figuresOf(late), flaps: pair.flaps };
}

/**
 * Milliseconds from kill -9 of all the owner's processes until the other box's kernel has the address. The dead daemon's kernel
 * goes on answering for it, so that a client sees nothing of it.
 */
export async function measureTakeover(
  contender: Contender,
  setting: Setting,
  runs: number,
): Promise<Figures> {
  await using pair = await Pair.start(contender, setting);
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { owner, other } = pair;
    const doomed = owner.daemon.processes();
    const from = performance.now();
    killAll(doomed);
    samples.push((await other.box.took(from, patience)) - from);
    if (run < runs - 1) await next(pair);
  }
  return figuresOf(samples);
}

async function next(pair: Pair): Promise<void> {
  const dead = pair.owner;
  pair.swap();
  await pair.revive(dead);
  await pair.quiet();
}
