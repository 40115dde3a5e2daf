// Where log lines go: the console of a box, standard error elsewhere.

import type { Severity } from "../core/action.ts";

export interface Log {
  write(severity: Severity, text: string): void;
}
