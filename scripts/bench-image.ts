// `npm run bench:image`: the figures of the image and of the box, each beside what it is to be compared with.

import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { type BootTimes, measureBoot } from "./bench-boot.ts";
import { measureBlackout } from "./failover/crash.ts";
import { ours } from "./failover/ours.ts";
import { fast } from "./failover/setting.ts";

const runs = 3;
const mebibyte = 1024 * 1024;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;

function bootRow(
  title: string,
  times: readonly BootTimes[],
  pick: (times: BootTimes) => number | undefined,
): string {
  const values = times.map(pick).filter((value) => value !== undefined);
  return `${title}: median ${seconds(median(values))} (${values.map(seconds).join(", ")})`;
}

/** A copy of the tree without any cache, so that a cold build is cold. */
async function measureBuild(): Promise<{ iso: string; cold: number; warm: number; directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), "pulsebox-bench-"));
  const listed = await $({ quiet: true })`git ls-files --cached --others --exclude-standard`;
  for (const name of listed.lines()) cpSync(name, join(directory, name), { recursive: true });
  symlinkSync(join(process.cwd(), "node_modules"), join(directory, "node_modules"));
  const build = async () => {
    const start = performance.now();
    await $({
      cwd: directory,
      quiet: true,
    })`node scripts/image.ts --config image/example/cluster.yaml --out dist`;
    return performance.now() - start;
  };
  const cold = await build();
  const warm = await build();
  const iso = readdirSync(join(directory, "dist")).find((name) => name.endsWith(".iso"));
  if (iso === undefined) throw new Error(`the build left no ISO in ${directory}/dist`);
  return { iso: join(directory, "dist", iso), cold, warm, directory };
}

const { iso, cold, warm, directory } = await measureBuild();
try {
  const binary = join(dirname(iso), "pulsebox");
  console.log(
    `ISO: ${(statSync(iso).size / mebibyte).toFixed(1)} MiB (target at most 48 MiB); binary ${(statSync(binary).size / mebibyte).toFixed(1)} MiB`,
  );
  console.log(`build: cold ${seconds(cold)}, warm ${seconds(warm)} (ratio ${(cold / warm).toFixed(1)})`);
  const boot = await measureBoot(iso, runs);
  console.log(bootRow("kernel start to /init, pulsebox", boot.pulsebox, (times) => times.toInit));
  console.log(bootRow("kernel start to /init, bare busybox", boot.busybox, (times) => times.toInit));
  console.log(
    bootRow(
      "kernel start to answering address, pulsebox (initdead 2 s)",
      boot.pulsebox,
      (times) => times.toAddress,
    ),
  );
  for (const { process, pss } of boot.memory)
    console.log(`memory (PSS): ${(pss / 1024).toFixed(1)} MiB  ${process}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

const cuts = 20;
const { median: blackout, min, max } = (await measureBlackout(ours, fast, cuts)).seen;
console.log(
  `client blackout after links cut and kill -9, ${ours.words(fast)}, ${cuts} runs: median ${blackout.toFixed(0)} ms, ` +
    `min ${min.toFixed(0)} ms, max ${max.toFixed(0)} ms (target at most ${fast.deadtime + 50} ms)`,
);
