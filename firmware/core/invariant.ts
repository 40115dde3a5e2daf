// Assertions that stay on in production: a broken invariant is a bug, and a node that has one must not go on deciding.
// The runtime lets the exception end the process; the launcher restarts it from what the kernel really has.

/** Throws with `words`, which name the object and the value. */
export function invariant(condition: boolean, words: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${words}`);
}
