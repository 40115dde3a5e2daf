// Log lines that outsiders can cause are told once a minute for each cause. Causes are remembered up to a fixed number,
// since anybody on a segment can invent new ones: the one told longest ago makes room.

/** When each cause was last told, monotonic ms, oldest first. */
export type Told = ReadonlyMap<string, number>;

const TELL_AGAIN = 60_000;
const MOST_CAUSES = 64;

/** `tell` is true when the log should have a line about `cause` now. */
export function telling(
  told: Told,
  cause: string,
  now: number,
): { readonly told: Told; readonly tell: boolean } {
  const last = told.get(cause);
  if (last !== undefined && now - last < TELL_AGAIN) return { told, tell: false };
  const others = [...told].filter(([each]) => each !== cause).slice(-(MOST_CAUSES - 1));
  return { told: new Map([...others, [cause, now]]), tell: true };
}
