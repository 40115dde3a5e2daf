// `pulsebox why`: the last decisions of this box's node, from the daemon, or from its state directory when it is dead.

import type { Decision } from "../core/decision.ts";
import type { Streams, WhyOptions } from "./cli.ts";
import { askDaemon } from "./operator-client.ts";
import { whyText } from "./why-text.ts";

/** The decisions stored in the directory given, or where this box keeps them; and which directory that was. Throws when it cannot. */
export type StoredDecisions = (
  directory: string | undefined,
  count: number,
) => { readonly directory: string; readonly decisions: readonly Decision[] };

export async function why(options: WhyOptions, stored: StoredDecisions, streams: Streams): Promise<number> {
  const decisions = await decisionsOf(options, stored, streams);
  const now = Math.floor(Date.now() / 1000);
  streams.out(
    options.json
      ? `${JSON.stringify(decisions, undefined, 2)}\n`
      : whyText(decisions, { now, spell: localTime }),
  );
  return 0;
}

async function decisionsOf(
  { socket, state, last }: WhyOptions,
  stored: StoredDecisions,
  streams: Streams,
): Promise<readonly Decision[]> {
  if (state !== undefined) return stored(state, last).decisions;
  try {
    const { error, decisions } = await askDaemon(socket, { command: "why", last });
    if (decisions === undefined) throw new Error(error ?? `pulsebox ha at ${socket} keeps no decisions`);
    return decisions;
  } catch (error) {
    return storedInstead(words(error), () => stored(undefined, last), streams);
  }
}

/** "No decision" would be no answer where nobody could look. */
function storedInstead(
  silence: string,
  read: () => ReturnType<StoredDecisions>,
  streams: Streams,
): readonly Decision[] {
  try {
    const { directory, decisions } = read();
    streams.err(`${silence}; read from ${directory}\n`);
    return decisions;
  } catch (error) {
    throw new Error(`${silence}; what it stored cannot be read: ${words(error)}`);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** "2026-11-22 02:14:07" in the box's time zone, as its log has it. */
function localTime(wall: number): string {
  const date = new Date(wall * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
