// Calls the functions of a module in a process that runs inside a network namespace, because a process has one network only and
// the test's own is the machine's. Arguments, results and errors go as JSON over Node's IPC channel (child_process, "Advanced
// serialization" off); what the module passes to `emit` comes back as events.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Namespace } from "./netns.ts";

/** What the test sends: `id` comes back with the answer. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What the process sends. `code` is errno's name if the thrown error had one. */
export type Report =
  | { readonly ready: true }
  | { readonly id: number; readonly result?: unknown; readonly error?: { message: string; code?: string } }
  | { readonly event: unknown };

type Functions = Record<string, (...args: never[]) => unknown>;

/** An error thrown in the other process. */
export class RemoteError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/** The module at `module` (a URL), loaded in `namespace`. It ends with the namespace's laboratory, or by `close`. */
export async function loadIn<M extends Functions, E = unknown>(
  namespace: Namespace,
  module: URL,
  under: readonly string[] = [],
): Promise<Remote<M, E>> {
  const program = fileURLToPath(new URL("remote-process.ts", import.meta.url));
  const child = namespace.spawn([...under, process.execPath, program, module.href], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "json",
  });
  const remote = new Remote<M, E>(child);
  await remote.ready;
  return remote;
}

type Answer = Extract<Report, { id: number }>;

export class Remote<M extends Functions, E> {
  /** Everything that was emitted so far, in order. */
  readonly events: E[] = [];
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit").then(([code, signal]) => {
      throw new Error(`the process in the namespace ended with ${code ?? signal}`);
    });
    this.#ended.catch(() => {});
    const ready = new Promise<void>((resolve) => {
      child.on("message", (report: Report) => {
        if ("ready" in report) resolve();
        else if ("event" in report) this.events.push(report.event as E);
        else this.#waiting.get(report.id)?.(report);
      });
    });
    this.ready = Promise.race([ready, this.#ended]);
  }

  /** Rejects with a RemoteError when the function threw. */
  async call<K extends keyof M & string>(
    name: K,
    ...args: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ id, name, args } satisfies Call);
    const { error, result } = await Promise.race([answered, this.#ended]);
    this.#waiting.delete(id);
    if (error !== undefined) throw new RemoteError(error.message, error.code);
    return result as Awaited<ReturnType<M[K]>>;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
