// `npm test`: everything, in the order of cost: the checks, then unit to simulator, then daemons in network namespaces and
// virtual machines that boot the real image.
// `npm test -- unit netns` runs only the kinds named. Ends with one line of totals.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { $ } from "zx";
import { buildAddons } from "./native.ts";

interface Totals {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
}

interface Stage {
  readonly title: string;
  readonly projects: readonly string[];
}

const stages: readonly Stage[] = [
  { title: "unit and golden tests", projects: ["unit", "golden"] },
  { title: "contract tests", projects: ["contract"] },
  { title: "cluster simulation", projects: ["sim"] },
  { title: "two daemons in network namespaces", projects: ["netns"] },
  { title: "two directors booted from the image", projects: ["vm"] },
];

const reports = ".build/test";
const wanted = process.argv.slice(2);
const started = performance.now();
const since = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;

let passed = 0;
let failed = 0;
let skipped = 0;

function addTotals(report: string, exitCode: number | null): void {
  let totals: Totals;
  try {
    totals = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    failed += 1; // the runner itself broke before it could report
    return;
  }
  passed += totals.numPassedTests;
  skipped += totals.numPendingTests;
  failed += totals.numFailedTests;
  // A file that does not even load counts no failed test, yet the run has failed.
  if (totals.numFailedTests === 0 && exitCode !== 0) failed += Math.max(1, totals.numFailedTestSuites);
}

async function runStage({ title, projects }: Stage): Promise<void> {
  console.log(`\n== ${title} (after ${since()})`);
  const report = `${reports}/${projects.join("-")}.json`;
  const selection = projects.flatMap((project) => ["--project", project]);
  const result = await $({
    nothrow: true,
    stdio: "inherit",
  })`node_modules/.bin/vitest run ${selection} --passWithNoTests --reporter=default --reporter=json --outputFile.json=${report}`;
  addTotals(report, result.exitCode);
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
$.verbose = false;
console.log("== native addons");
await buildAddons();

if (wanted.length === 0) {
  console.log(`\n== checks (after ${since()})`);
  const check = await $({ nothrow: true, stdio: "inherit" })`node scripts/check.ts`;
  if (check.exitCode === 0) passed += 1;
  else failed += 1;
}
for (const stage of stages) {
  if (wanted.length === 0 || stage.projects.some((project) => wanted.includes(project)))
    await runStage(stage);
}

console.log(`\nAll done after ${since()}.`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
