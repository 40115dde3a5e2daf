// Waits for a condition instead of for a time: as fast as the machine is, and as patient as it is slow.

const interval = 20;

/** Resolves when `condition` is true; rejects after `timeout` milliseconds with `what` was awaited, or with what it threw last. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeout = 20_000,
): Promise<void> {
  const end = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${timeout} ms`);
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
