// Programs of others that this node starts: resource scripts, clients, fencing commands. None of them may ever hold up the
// daemon, and none may outlive its timeout.

import type { Program, ProgramOutcome } from "../core/program.ts";

export interface Programs {
  /**
   * Starts it and calls back exactly once, never before returning. What a program that ends by itself has started stays;
   * one that is ended, by `kill` or its timeout, is reported when its process group is gone too.
   */
  run(id: string, program: Program, ended: (outcome: ProgramOutcome, output: string) => void): void;
  /** SIGTERM to the process group, SIGKILL when it is still there after a grace period. Unknown ids are ignored. */
  kill(id: string): void;
  /** Ends what still runs, without calling back. */
  close(): Promise<void>;
}
