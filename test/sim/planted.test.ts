// The simulator must find faults that are there: each planted one breaks an invariant within a few seeds.

import { expect, test } from "vitest";
import { PLANTED } from "../support/sim/planted.ts";
import { runSeed } from "../support/sim/run.ts";

const SEEDS = 12;
const STORY = 120_000;

const CASES = Object.entries(PLANTED).flatMap(([fault, planted]) =>
  ([2, 3] as const).map((nodes) => [fault, nodes, planted] as const),
);

test.each(CASES)("a core that %s breaks an invariant among %d nodes", (_fault, nodes, { logic, breaks }) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { failure } = runSeed({ seed, ms: STORY, nodes, logic });
    if (failure === undefined) continue;
    console.log(`seed ${seed} ${failure.reason}`);
    const named = breaks.filter((name) => failure.reason.includes(` s: ${name}`));
    expect(named, failure.reason).not.toEqual([]);
    return;
  }
  expect.fail(`${SEEDS} seeds of ${STORY / 1000} s found nothing`);
});
