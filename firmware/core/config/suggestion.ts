// "Did you mean": the nearest allowed word by edit distance with transpositions (optimal string alignment,
// Damerau 1964), offered only when it is near enough not to be a guess.

/** Words longer than this are never a slip of the finger away from a key of ours. */
const longestWord = 40;

export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The one allowed word nearest to `word`; undefined when none is within a third of its length, or two are as near. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > longestWord) return undefined;
  const plain = (text: string) => text.toLowerCase().replaceAll("-", "_");
  const near = allowed
    .map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  const [best, next] = near;
  return best === undefined || best.distance === next?.distance ? undefined : best.candidate;
}
