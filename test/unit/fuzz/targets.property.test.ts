// The targets of `npm run fuzz` with a small budget and fresh seeds. A failure prints its seed, its path and the smallest input
// that fails.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { targets } from "../../support/fuzz/targets.ts";

describe.each(Object.entries(targets))("fuzzing: %s", (_name, { title, property, runs }) => {
  test(title, { timeout: 60_000 }, async () => {
    const result = await fc.check(property, { numRuns: runs });
    expect(result.failed, fc.defaultReportMessage(result) ?? "").toBe(false);
  });
});
