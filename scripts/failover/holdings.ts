// Who held the service address over a time, read off what came to and went from two kernels.

export interface AddressChange {
  /** On the clock of performance.now(). */
  readonly at: number;
  readonly present: boolean;
}

export interface Holdings {
  /** How often another box became the only holder. */
  readonly moves: number;
  /** The longest time in which both held it, and in which nobody did, milliseconds. */
  readonly longestTwice: number;
  readonly longestNowhere: number;
}

/** What lies between `from` and `until`; the changes of each box are in the order of time. */
export function holdings(
  one: readonly AddressChange[],
  two: readonly AddressChange[],
  from: number,
  until: number,
): Holdings {
  const moments = [...one, ...two].map(({ at }) => at).filter((at) => at > from && at < until);
  const times = [from, ...moments.sort((a, b) => a - b), until];
  let [moves, longestTwice, longestNowhere] = [0, 0, 0];
  let [twice, nowhere] = [0, 0];
  let sole: 1 | 2 | undefined;
  for (const [index, at] of times.entries()) {
    const length = (times[index + 1] ?? at) - at;
    const [first, second] = [holds(one, at), holds(two, at)];
    twice = first && second ? twice + length : 0;
    nowhere = first || second ? 0 : nowhere + length;
    longestTwice = Math.max(longestTwice, twice);
    longestNowhere = Math.max(longestNowhere, nowhere);
    if (first === second) continue;
    const now = first ? 1 : 2;
    if (sole !== undefined && now !== sole) moves += 1;
    sole = now;
  }
  return { moves, longestTwice, longestNowhere };
}

function holds(changes: readonly AddressChange[], at: number): boolean {
  return changes.findLast((change) => change.at <= at)?.present === true;
}
