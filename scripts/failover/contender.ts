// What the benchmark asks of every contender: a daemon on each of two boxes that can be started, killed, stopped in order and,
// where it has a way for that, told to hand over. All else is done from outside, alike for all.

import type { Box } from "./laboratory.ts";
import type { Setting } from "./setting.ts";

export interface Contender {
  readonly name: string;
  /** Why it cannot run here; undefined when it can. */
  missing(): string | undefined;
  /** False when it has nothing near that setting. */
  suits(setting: Setting): boolean;
  /** How it was given the setting's detection time, for the table. */
  words(setting: Setting): string;
  rhythm(setting: Setting): Rhythm;
  /** Configures it on both boxes; nothing runs yet. */
  place(boxes: readonly [Box, Box], setting: Setting): Promise<readonly [Daemon, Daemon]>;
  /** What is looked at after a partition has healed, milliseconds: longer than what it does then. */
  readonly healing: number;
}

export interface Rhythm {
  /** From one sign of life to the next, milliseconds. */
  readonly interval: number;
  /** From the last sign of life to the take-over, as it is configured, milliseconds. */
  readonly detection: number;
}

export interface Daemon {
  /** Starts it and waits until it takes part; `alone` when the other one does not run. */
  start(): Promise<void>;
  /** Its processes, as the machine numbers them. */
  processes(): readonly number[];
  /** The orderly end; resolves when it is over. */
  stop(): Promise<void>;
  /** Ways to hand everything over and go on, by the contender's own words. Each resolves when it has been asked. */
  readonly handOver: Readonly<Record<string, () => Promise<void>>>;
  /** What it wrote so far. */
  log(): Promise<string>;
}
