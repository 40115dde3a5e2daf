// Waits for a condition instead of for a time: as fast as the machine is, and as patient as it is slow. What is awaited happens
// in other processes and in the kernel, which call nobody back, so that the condition is looked at again and again.

import { scheduler } from "node:timers/promises";

/** Milliseconds between two looks; a condition that takes long itself is not asked back to back. */
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
    await scheduler.wait(interval);
  }
}
