// Runs a piece of TypeScript of the source tree inside a network namespace: addons act on the namespace of their process, so
// that a contract test needs a process there. What it prints is its result.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Namespace } from "./netns.ts";

const root = new URL("../..", import.meta.url).pathname;

export class NodeInNamespace {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #said = "";

  constructor(process: ChildProcess) {
    this.process = process;
    const { stdout, stderr } = process;
    if (stdout === null || stderr === null) throw new Error("the process was started without pipes");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    stderr.on("data", (chunk: Buffer) => {
      this.#said += chunk;
    });
  }

  /** The next line that it prints, or the next one equal to `wanted`; throws with its standard error if it ends before. */
  async line(wanted?: string): Promise<string> {
    for (;;) {
      const next = await this.#lines.next();
      if (next.done) throw new Error(`the process ended: ${this.#said}`);
      if (wanted === undefined || next.value === wanted) return next.value;
    }
  }

  /** Waits for its end; throws with its standard error unless it ended with 0. */
  async ended(): Promise<void> {
    const running = this.process.exitCode === null && this.process.signalCode === null;
    if (running) await once(this.process, "close");
    if (this.process.exitCode !== 0) throw new Error(`the process failed: ${this.#said}`);
  }
}

/** `source` is a module at the root of the source tree. */
export function inNamespace(namespace: Namespace, source: string): NodeInNamespace {
  const argv = [process.execPath, "--input-type=module-typescript", "--eval", source];
  return new NodeInNamespace(namespace.spawn(argv, { cwd: root, stdio: ["pipe", "pipe", "pipe"] }));
}
