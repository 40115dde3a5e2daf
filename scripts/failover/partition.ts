// A partition that heals: the owner is cut off from everything until the other one has taken over, and comes back still
// owning. What counts is how long the address goes unanswered from then on.

import type { Contender } from "./contender.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { Pair, patience, pause } from "./pair.ts";
import type { Setting } from "./setting.ts";

/** The longest time without an answer after the cables are back, milliseconds. */
export async function measurePartition(
  contender: Contender,
  setting: Setting,
  runs: number,
): Promise<Figures> {
  await using pair = await Pair.start(contender, setting);
  const { ping } = pair.lab;
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { owner, other } = pair;
    const cut = performance.now();
    await owner.box.plug("down");
    await other.box.took(cut, patience);
    await ping.answered(performance.now(), patience);
    // It must have settled as the owner; a second is far more than any of them needs for that.
    await pause(1000);
    const healed = performance.now();
    await owner.box.plug("up");
    await pause(contender.healing);
    await pair.findOwner();
    await ping.answered(performance.now(), patience);
    samples.push(ping.longestBlackout(healed).length);
    await pair.quiet();
  }
  return figuresOf(samples);
}
