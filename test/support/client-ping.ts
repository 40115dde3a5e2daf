// A client that pings an address without pause and knows when it was answered: what a user of the service sees of a
// failover. A blackout is the time between the last answer before it and the first one after. It is fping(8), because
// iputils' ping spins a whole processor below 10 ms between two packets, and what is measured would run beside that.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Namespace } from "./netns.ts";

export interface Blackout {
  /** Milliseconds between two answers. */
  readonly length: number;
  /** When it ended, on the clock of performance.now(). */
  readonly end: number;
}

export class ClientPing {
  /** Times of all answers on the clock of performance.now(), in milliseconds. */
  readonly answers: number[] = [];
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();
  readonly #offset: number;

  /** `interval` in milliseconds, at least 1; below 10 needs root, as fping says. */
  constructor(client: Namespace, address: string, interval: number) {
    this.#offset = performance.timeOrigin;
    // --interval is the least time between any two packets, 10 ms if nothing is said.
    const period = ["--loop", "--period", `${interval}`, "--interval", "1"];
    this.#process = client.spawn(["fping", "--timestamp", ...period, address], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let rest = "";
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#read(line);
    });
  }

  /** Resolves with the time of the first answer after `since`; rejects after `timeout` milliseconds. */
  answered(since: number, timeout: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.answers.find((at) => at > since);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`no answer to ping within ${timeout} ms`));
      }, timeout);
      this.#watchers.add(look);
      look();
    });
  }

  /** The longest time without an answer that ended after `since`. */
  longestBlackout(since: number): Blackout {
    let longest: Blackout = { length: 0, end: since };
    for (const [index, end] of this.answers.entries()) {
      const before = this.answers[index - 1];
      if (before === undefined || end <= since) continue;
      if (end - before > longest.length) longest = { length: end - before, end };
    }
    return longest;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGINT");
    await gone;
  }

  #read(line: string): void {
    const seen = /^\[(\d+\.\d+)\] \S+ : \[\d+\], \d+ bytes/.exec(line);
    if (seen === null) return;
    this.answers.push(Number(seen[1]) * 1000 - this.#offset);
    for (const watcher of [...this.#watchers]) watcher();
  }
}
