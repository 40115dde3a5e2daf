// Programs and checks as data: what the core wants run, and how that ended. Resource scripts, OCF agents, respawned clients,
// fencing and the checks of failover services all come through here; the adapters start processes, the core never does.

import type { Address, FailoverCheckConfig } from "./config/cluster.ts";

export interface Program {
  /** The program's path or name and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** Directories in which the program is looked up by its name, the first executable file of it; absent: PATH. */
  readonly search?: readonly string[];
  /** Added to a small fixed environment (PATH, HOME, LANG=C). */
  readonly environment?: Readonly<Record<string, string>>;
  /** User name or number that it runs as; absent: as the daemon itself. */
  readonly user?: string;
  /** Milliseconds after which it is ended, with everything that it started in its process group; absent: never. */
  readonly timeout?: number;
}

export type ProgramOutcome =
  | { readonly kind: "exit"; readonly code: number }
  /** Ended by a signal that was not ours. */
  | { readonly kind: "signal"; readonly signal: string }
  /** Ended because it took longer than its timeout. */
  | { readonly kind: "timeout" }
  /** Ended because the core asked for it. */
  | { readonly kind: "killed" }
  /** Never started; `error` is one line with errno's name. */
  | { readonly kind: "error"; readonly error: string };

/** A check that is repeated every `interval` until a later list of checks lacks it. */
export interface CheckSpec extends Omit<FailoverCheckConfig, "address" | "fall"> {
  /** Unique and stable: what the verdicts are filed under. */
  readonly id: string;
  readonly address: Address;
}
