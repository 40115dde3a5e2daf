// Waits for a condition instead of for a time: as fast as the machine is, and as patient as it is slow. What is awaited happens
// in other processes and in the kernel, which call nobody back, so that the condition is looked at again and again.

import { scheduler } from "node:timers/promises";

/** Milliseconds between two looks; a condition that takes long itself is not asked back to back. */
const interval = 20;

/**
 * Resolves when `condition` is true; rejects after `timeout` milliseconds with `what` was awaited, also when a look itself has
 * not ended by then, or with what a look threw.
 */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeout = 20_000,
): Promise<void> {
  let looking = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hanging = looking ? ", and the last look at it has not ended" : "";
      reject(new Error(`${what}: not within ${timeout} ms${hanging}`));
    }, timeout);
  });
  const look = async (): Promise<boolean> => {
    looking = true;
    const held = await condition();
    looking = false;
    return held;
  };
  try {
    while (!(await Promise.race([look(), late]))) await Promise.race([scheduler.wait(interval), late]);
  } finally {
    clearTimeout(timer);
  }
}
