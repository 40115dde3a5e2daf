// One project for each kind of test, so that a run can name the kinds it wants and each kind has its own time limit.
import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number, fileParallelism = true) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism,
  },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", 10_000),
      project("golden", 10_000),
      project("sim", 300_000),
      project("contract", 60_000),
      project("netns", 120_000),
      project("vm", 600_000, false),
    ],
  },
});
