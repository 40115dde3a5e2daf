// The port Programs on native/child: each program in a session of its own, with standard input empty and the end of its output
// kept for the log. One that ends by itself leaves running what it started, as init scripts do and heartbeat's ResourceManager
// lets them; one that is ended takes its process group with it (setsid(2), kill(2)).

import { type Child, type ChildEnd, startChild } from "../../native/child/index.ts";
import type { Program, ProgramOutcome } from "../core/program.ts";
import type { Programs } from "../ports/programs.ts";
import { words } from "./outcome.ts";
import { OutputTail } from "./output-tail.ts";
import { locate } from "./program-path.ts";

/** Between SIGTERM and SIGKILL, ms. */
const grace = 5_000;
/** Bytes of output that are kept: the last ones. */
const mostOutput = 2_000;
/** Outputs that are read on for daemons left behind; the oldest of more is closed, as when its terminal goes away. */
const mostLeftBehind = 64;
/** Where programs are looked for that are named without a path. */
export const programPath = "/usr/sbin:/usr/bin:/sbin:/bin";
const environment = { PATH: programPath, HOME: "/", LANG: "C", LC_ALL: "C" } as const;

export interface ChildProgramsOptions {
  /** Between SIGTERM and SIGKILL, ms. */
  readonly grace?: number;
}

type Ended = (outcome: ProgramOutcome, output: string) => void;

export class ChildPrograms implements Programs {
  readonly #running = new Map<string, Run>();
  readonly #leftBehind = new Set<Child>();
  readonly #grace: number;
  #closed = false;

  constructor(options: ChildProgramsOptions = {}) {
    this.#grace = options.grace ?? grace;
  }

  run(id: string, program: Program, ended: Ended): void {
    if (this.#running.has(id)) throw new Error(`the program ${id} runs already`);
    const run = new Run(program, this.#grace, (outcome, child) => {
      this.#running.delete(id);
      if (child !== undefined) this.#readOn(child);
      if (!this.#closed) ended(outcome, run.output);
    });
    this.#running.set(id, run);
  }

  kill(id: string): void {
    this.#running.get(id)?.end("killed");
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#running.values()) run.end("killed");
    await Promise.all([...this.#running.values()].map((run) => run.gone));
    for (const child of this.#leftBehind) child.closeOutput();
  }

  /** A daemon that still writes to the pipe would die of SIGPIPE if nobody read it. */
  #readOn(child: Child): void {
    const [oldest] = this.#leftBehind;
    if (oldest !== undefined && this.#leftBehind.size >= mostLeftBehind) {
      oldest.closeOutput();
      this.#leftBehind.delete(oldest);
    }
    this.#leftBehind.add(child);
    child.whenClosed(() => this.#leftBehind.delete(child));
  }
}

/** One program from its start to its outcome. */
class Run {
  /** Resolves after the outcome was told. */
  readonly gone: Promise<void>;
  readonly #grace: number;
  readonly #conclude: (outcome: ProgramOutcome, leftBehind?: Child) => void;
  #child: Child | undefined;
  readonly #output = new OutputTail(mostOutput);
  #outputEnded = false;
  /** It has ended and is not collected yet, so that its number still stands for its group. */
  #ended = false;
  /** Why it is being ended, once it is. */
  #ending: "timeout" | "killed" | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    program: Program,
    graceTime: number,
    concluded: (outcome: ProgramOutcome, leftBehind?: Child) => void,
  ) {
    this.#grace = graceTime;
    let resolve = (): void => {};
    this.gone = new Promise((resolved) => {
      resolve = resolved;
    });
    this.#conclude = (outcome, leftBehind) => {
      clearTimeout(this.#timer);
      concluded(outcome, leftBehind);
      resolve();
    };
    const { timeout } = program;
    if (timeout !== undefined) this.#timer = setTimeout(() => this.end("timeout"), timeout);
    const { user } = program;
    const command = locate(program);
    if (command instanceof Error) {
      setImmediate(() => this.#started(command));
      return;
    }
    const request = { command, environment: { ...environment, ...program.environment } };
    startChild(user === undefined ? request : { ...request, user }, (result) => this.#started(result));
  }

  get output(): string {
    return this.#output.text;
  }

  end(why: "timeout" | "killed"): void {
    if (this.#ending !== undefined) return;
    this.#ending = why;
    clearTimeout(this.#timer);
    this.#signal();
  }

  #started(result: Error | Child): void {
    if (result instanceof Error) {
      this.#conclude({ kind: "error", error: words(result) });
      return;
    }
    this.#child = result;
    result.observe(
      () => this.#leaderEnded(result),
      (bytes) => this.#printed(result, bytes),
    );
    if (this.#ending !== undefined) this.#signal();
  }

  #signal(): void {
    const child = this.#child;
    if (child === undefined) return;
    child.signalGroup("SIGTERM");
    this.#timer = setTimeout(() => {
      child.signalGroup("SIGKILL");
      if (this.#ended) this.#collectGroup(child);
    }, this.#grace);
  }

  #printed(child: Child, bytes: Buffer | undefined): void {
    if (bytes === undefined) {
      this.#outputEnded = true;
      if (this.#ended) this.#collectGroup(child);
      return;
    }
    this.#output.add(bytes);
  }

  #leaderEnded(child: Child): void {
    child.readOutput((bytes) => this.#printed(child, bytes));
    if (this.#ending === undefined) {
      const outcome = outcomeOf(child.collect());
      if (this.#outputEnded) this.#conclude(outcome);
      else this.#conclude(outcome, child);
      return;
    }
    // The others of its group may still be ending in order; while one of them holds the output they have the grace for it.
    this.#ended = true;
    if (this.#outputEnded) this.#collectGroup(child);
  }

  #collectGroup(child: Child): void {
    this.#ended = false;
    child.signalGroup("SIGKILL");
    child.collect();
    child.closeOutput();
    this.#conclude({ kind: this.#ending ?? "killed" });
  }
}

function outcomeOf(end: ChildEnd): ProgramOutcome {
  return "code" in end ? { kind: "exit", code: end.code } : { kind: "signal", signal: end.signal };
}
