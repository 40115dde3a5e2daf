// One project for each kind of test, so that a run can name the kinds it wants and each kind has its own time limit.
import { defineConfig } from "vitest/config";

/** `maxWorkers`: how many files run at once; by default as many as the machine has room for. */
const project = (name: string, testTimeout: number, maxWorkers?: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    ...(maxWorkers !== undefined && { maxWorkers }),
  },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", 10_000),
      project("golden", 10_000),
      project("sim", 300_000),
      project("contract", 60_000),
      // Daemons under test wait most of the time, so two laboratories fit even on one core; emulated machines fill theirs.
      project("netns", 120_000, 2),
      project("vm", 600_000, 1),
    ],
  },
});
