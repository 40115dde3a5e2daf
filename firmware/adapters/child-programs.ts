// The port Programs on child processes (node:child_process): each in a session of its own, so that a signal reaches all that
// it started, with standard input closed and the end of its output kept for the log.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Program, ProgramOutcome } from "../core/program.ts";
import type { Programs } from "../ports/programs.ts";

/** Between SIGTERM and SIGKILL, ms. */
const grace = 5_000;
/** Characters of output that are kept: the last ones. */
const mostOutput = 2_000;
const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/", LANG: "C", LC_ALL: "C" } as const;

type Ended = (outcome: ProgramOutcome, output: string) => void;

interface Run {
  readonly child: ChildProcess;
  /** Why it is being ended, once it is. */
  ending?: "timeout" | "killed";
  timer?: NodeJS.Timeout;
}

export class ChildPrograms implements Programs {
  readonly #running = new Map<string, Run>();
  #closed = false;

  run(id: string, { command, environment: extra, timeout }: Program, ended: Ended): void {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      detached: true,
      cwd: "/",
      env: { ...environment, ...extra },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const run: Run = { child };
    this.#running.set(id, run);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        output = (output + chunk).slice(-mostOutput);
      });
    }
    const finish = (outcome: ProgramOutcome): void => {
      if (this.#running.get(id) !== run) return;
      clearTimeout(run.timer);
      this.#running.delete(id);
      if (!this.#closed) ended(outcome, output.trim());
    };
    child.on("error", (error) => finish({ kind: "error", error: error.message }));
    child.on("exit", (code, signal) => {
      signalGroup(child, "SIGKILL");
      finish(outcomeOf(run, code, signal));
    });
    if (timeout !== undefined) run.timer = setTimeout(() => this.#end(run, "timeout"), timeout);
  }

  kill(id: string): void {
    const run = this.#running.get(id);
    if (run !== undefined) this.#end(run, "killed");
  }

  async close(): Promise<void> {
    this.#closed = true;
    const gone = [...this.#running.values()].map(async (run) => {
      const exit = once(run.child, "exit");
      this.#end(run, "killed");
      await exit;
    });
    await Promise.all(gone);
  }

  #end(run: Run, why: "timeout" | "killed"): void {
    if (run.ending !== undefined) return;
    run.ending = why;
    clearTimeout(run.timer);
    signalGroup(run.child, "SIGTERM");
    run.timer = setTimeout(() => signalGroup(run.child, "SIGKILL"), grace);
  }
}

function outcomeOf({ ending }: Run, code: number | null, signal: string | null): ProgramOutcome {
  if (ending !== undefined) return { kind: ending };
  return code === null ? { kind: "signal", signal: signal ?? "unknown" } : { kind: "exit", code };
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nobody of it is left
  }
}
