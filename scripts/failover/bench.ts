// The whole comparison as a list of measurements: which contenders at which settings, how often, and what may run side by side.
// Only what takes seconds by itself runs side by side; everything that is about milliseconds has the machine to itself.

import type { Contender } from "./contender.ts";
import { type Blackout, measureBlackout, measureTakeover } from "./crash.ts";
import type { Figures } from "./figures.ts";
import { heartbeat } from "./heartbeat.ts";
import { type Idle, measureIdle } from "./idle.ts";
import { keepalived } from "./keepalived.ts";
import { ours } from "./ours.ts";
import { measurePartition } from "./partition.ts";
import { type HandOver, measureHandOvers } from "./planned.ts";
import { brisk, fast, fastest, nameOf, type Setting, slow, usual } from "./setting.ts";
import { ucarp } from "./ucarp.ts";

export const contenders: readonly Contender[] = [ours, heartbeat, keepalived, ucarp];

export interface Wishes {
  readonly runs: number;
  readonly quick: boolean;
  /** Names of contenders. */
  readonly only: readonly string[];
  progress(text: string): void;
}

/** One figure per contender that has it. */
export type Row<T> = ReadonlyMap<string, T>;

export interface Results {
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
  readonly blackout: ReadonlyMap<Setting, Row<Blackout>>;
  readonly takeover: ReadonlyMap<Setting, Row<Figures>>;
  readonly handOver: Row<readonly HandOver[]>;
  readonly partition: Row<Figures>;
  readonly idle: Row<Idle>;
}

/** Real heartbeat needs half a minute to heal, so it is given fewer. */
const healingShare = { heartbeat: 3, others: 1 } as const;

export async function bench(wishes: Wishes): Promise<Results> {
  const { runs, quick } = wishes;
  const failures: string[] = [];
  const measure = measuring(wishes, failures);
  const chosen = contenders.filter(({ name }) => wishes.only.length === 0 || wishes.only.includes(name));
  const blackout = new Map<Setting, Row<Blackout>>();
  const takeover = new Map<Setting, Row<Figures>>();
  if (!quick) {
    const [cuts, kills] = await Promise.all([
      measure(chosen, slow, "power cuts", measureBlackout, { sideBySide: true, runs }),
      measure(chosen, slow, "kill -9", measureTakeover, { sideBySide: true, runs }),
    ]);
    blackout.set(slow, cuts);
    takeover.set(slow, kills);
  }
  for (const setting of [usual, brisk, fast, fastest]) {
    blackout.set(setting, await measure(chosen, setting, "power cuts", measureBlackout, { runs }));
    takeover.set(setting, await measure(chosen, setting, "kill -9", measureTakeover, { runs }));
  }
  const healing = (contender: Contender): number =>
    Math.max(1, Math.ceil(runs / (contender === heartbeat ? healingShare.heartbeat : healingShare.others)));
  const idling = quick ? 10_000 : 60_000;
  return {
    failures,
    blackout,
    takeover,
    handOver: await measure(chosen, usual, "planned hand-overs", measureHandOvers, { runs }),
    partition: await measure(chosen, usual, "healed partitions", measurePartition, {
      sideBySide: true,
      runs: healing,
    }),
    idle: await measure(chosen, usual, "idle", measureIdle, { sideBySide: true, runs: idling }),
  };
}

interface How {
  readonly sideBySide?: boolean;
  readonly runs: number | ((contender: Contender) => number);
}

type Measurement<T> = (contender: Contender, setting: Setting, runs: number) => Promise<T>;

/** A measurement that fails is told, and the others go on: each takes minutes. */
function measuring({ progress }: Wishes, failures: string[]) {
  return async <T>(
    chosen: readonly Contender[],
    setting: Setting,
    what: string,
    take: Measurement<T>,
    { sideBySide = false, runs }: How,
  ): Promise<Row<T>> => {
    const row = new Map<string, T>();
    const one = async (contender: Contender): Promise<void> => {
      const title = `${what} at ${nameOf(setting)}: ${contender.name}`;
      const from = performance.now();
      try {
        const times = typeof runs === "number" ? runs : runs(contender);
        row.set(contender.name, await take(contender, setting, times));
        progress(`${title}, ${((performance.now() - from) / 1000).toFixed(0)} s`);
      } catch (error) {
        failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
        progress(`${title} FAILED`);
      }
    };
    const able = chosen.filter((contender) => contender.suits(setting));
    if (sideBySide) await Promise.all(able.map(one));
    else for (const contender of able) await one(contender);
    return row;
  };
}
