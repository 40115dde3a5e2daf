// More chance out of one draw: each event brings a single random number, and what needs several derives them here.
// The generator is mulberry32 (public domain, by T. Ettinger): small, even, and equal on every machine, so that a
// simulated run replays. It serves jitter and simulation, never secrets.

/** A pure generator step: a number in [0, 1) and the next seed. */
export function nextRandom(seed: number): { readonly value: number; readonly seed: number } {
  const next = (seed + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296, seed: next };
}
