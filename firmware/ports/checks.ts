// Checks of services: whoever implements this reads what strangers send, so it is done outside the deciding process.

import type { CheckSpec } from "../core/program.ts";

export interface Checks {
  /** Replaces the whole list: a check that was there already goes on undisturbed. */
  want(checks: readonly CheckSpec[]): void;
  /** Called with each verdict from now on. */
  watch(checked: (id: string, ok: boolean, detail: string) => void): void;
  close(): Promise<void>;
}
