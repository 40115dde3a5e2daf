// The results as tables, each contender in a column with how many times ours it is, and the targets that ours has to meet.

import type { Results, Row } from "./bench.ts";
import { contenders } from "./bench.ts";
import { type Figures, inWords, ratio, table } from "./figures.ts";
import { ours } from "./ours.ts";
import { nameOf, type Setting, usual } from "./setting.ts";

const target = { afterDeadtime: 50, handOver: 20, partition: 1000, idle: 0.5 } as const;

export function report(results: Results, runs: number): string {
  const names = contenders.map(({ name }) => name);
  return [
    `How each was given the detection time:\n${settingsTable(results)}`,
    `Client blackout after links cut and daemon killed, ms: median (min-max) of ${runs}, times ours\n${bySetting(part(results.blackout, "seen"), names)}`,
    `Of that, later than configured (from the last sign of life, without the detection time), ms\n${bySetting(part(results.blackout, "late"), names)}`,
    `The address moved while nothing had happened\n${flapsTable(results, names)}`,
    `Take-over after kill -9 of the daemon, its box living on, ms until the other kernel has the address\n${bySetting(results.takeover, names)}`,
    `Planned hand-over at ${nameOf(usual)}, ms\n${handOverTable(results)}`,
    `A partition of two owners heals at ${nameOf(usual)}: the address is unanswered, ms\n${partitionTable(results, names)}`,
    `Idle at ${nameOf(usual)}, once both have run in peace for as long as is measured\n${idleTable(results)}`,
    ...(results.failures.length > 0 ? [`Not measured\n${results.failures.join("\n")}`] : []),
    `Targets\n${targets(results).join("\n")}`,
  ].join("\n\n");
}

function settingsTable({ blackout }: Results): string {
  const rows = [...blackout].flatMap(([setting, row]) =>
    contenders
      .filter(({ name }) => row.has(name))
      .map((each) => [nameOf(setting), each.name, each.words(setting)]),
  );
  return table(rows);
}

function flapsTable({ blackout }: Results, names: readonly string[]): string {
  const rows = [...blackout].map(([setting, row]) => [
    nameOf(setting),
    ...names.map((name) => `${row.get(name)?.flaps ?? "-"}`),
  ]);
  return table([["", ...names], ...rows]);
}

function part(blackout: Results["blackout"], which: "seen" | "late"): ReadonlyMap<Setting, Row<Figures>> {
  const rows = [...blackout].map(([setting, row]) => {
    const figures = [...row].map(([name, each]): [string, Figures] => [name, each[which]]);
    return [setting, new Map(figures)] as const;
  });
  return new Map(rows);
}

function bySetting(measured: ReadonlyMap<Setting, Row<Figures>>, names: readonly string[]): string {
  const rows = [...measured].map(([setting, row]) => [nameOf(setting), ...cells(row, names)]);
  return table([["", ...names], ...rows]);
}

function cells(row: Row<Figures>, names: readonly string[]): string[] {
  const base = row.get(ours.name);
  return names.map((name) => {
    const figures = row.get(name);
    if (figures === undefined) return "-";
    return `${inWords(figures)}${name === ours.name ? "" : ratio(figures, base)}`;
  });
}

function handOverTable({ handOver }: Results): string {
  const base = handOver.get(ours.name)?.[0]?.blackout;
  const rows = [...handOver].flatMap(([name, ways]) =>
    ways.map(({ way, blackout, stall, lost }) => [
      name,
      way,
      `${inWords(blackout)}${name === ours.name ? "" : ratio(blackout, base)}`,
      inWords(stall),
      `${lost} of ${stall.samples.length}`,
    ]),
  );
  return table([["", "", "client blackout", "TCP stall", "TCP connections lost"], ...rows]);
}

function partitionTable({ partition }: Results, names: readonly string[]): string {
  return table([names, cells(partition, names)]);
}

function idleTable({ idle }: Results): string {
  const rows = [...idle].map(([name, { owner, standby, memory, processes, announcements }]) => [
    name,
    `${owner.toFixed(2)} / ${standby.toFixed(2)}`,
    `${(memory / 1024).toFixed(1)} (${processes})`,
    `${announcements}`,
  ]);
  return table([
    ["", "% of a core, owner / standby", "PSS MiB (processes)", "gratuitous ARPs in 10 s"],
    ...rows,
  ]);
}

/** One line for each target, met or not. */
export function targets({ blackout, handOver, partition, idle }: Results): readonly string[] {
  const lines: string[] = [];
  const judge = (met: boolean, text: string): void => {
    lines.push(`${met ? "met   " : "MISSED"}  ${text}`);
  };
  for (const [setting, row] of blackout) {
    const own = row.get(ours.name);
    if (own === undefined) continue;
    const over = own.seen.median - setting.deadtime;
    judge(
      over <= target.afterDeadtime,
      `${nameOf(setting)}: blackout - deadtime = ${over.toFixed(0)} ms (at most ${target.afterDeadtime})`,
    );
    const rival = row.get("keepalived");
    if (rival === undefined) continue;
    const [late, theirs] = [own.late.median, rival.late.median];
    judge(
      late <= theirs,
      `${nameOf(setting)}: ${late.toFixed(1)} ms later than configured, keepalived ${theirs.toFixed(1)} ms (never slower)`,
    );
  }
  for (const { way, blackout: seen, lost } of handOver.get(ours.name) ?? []) {
    const met = seen.median <= target.handOver && lost === 0;
    judge(met, `${way}: ${seen.median.toFixed(1)} ms (at most ${target.handOver}), ${lost} connections lost`);
  }
  const healed = partition.get(ours.name);
  if (healed !== undefined) {
    judge(
      healed.max <= target.partition,
      `healed partition: at most ${healed.max.toFixed(0)} ms (${target.partition})`,
    );
  }
  const cost = idle.get(ours.name);
  if (cost !== undefined) {
    const most = Math.max(cost.owner, cost.standby);
    judge(most <= target.idle, `idle: ${most.toFixed(2)} % of a core (at most ${target.idle})`);
  }
  return lines;
}
