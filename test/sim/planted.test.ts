// The simulator must find faults that are there: each planted one breaks an invariant within a few seeds.

import { expect, test } from "vitest";
import { PLANTED } from "../support/sim/planted.ts";
import { runSeed } from "../support/sim/run.ts";

const SEEDS = 12;
const STORY = 240_000;

test.each(Object.entries(PLANTED))("a core that %s breaks an invariant", (_fault, { logic, breaks }) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { failure } = runSeed({ seed, ms: STORY, logic });
    if (failure === undefined) continue;
    console.log(`seed ${seed} ${failure.reason}`);
    const named = breaks.filter((name) => failure.reason.includes(` s: ${name}`));
    expect(named, failure.reason).not.toEqual([]);
    return;
  }
  expect.fail(`${SEEDS} seeds of ${STORY / 1000} s found nothing`);
});
