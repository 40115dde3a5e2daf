// Turns what native calls and node:fs throw into the Outcome value that ports answer with: expected failures of the
// kernel are data for the one who decides, with errno's name in the words.

import type { Outcome } from "../ports/network.ts";

/** One line about a thrown value. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** errno's name, or the words where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : words(error);
}

export function outcomeOf(action: () => void): Outcome {
  try {
    action();
    return { ok: true };
  } catch (error) {
    return { ok: false, error: words(error) };
  }
}
