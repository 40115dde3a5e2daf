// The port Watchdog on a Linux watchdog device (Documentation/watchdog/watchdog-api.rst).
// A driver whose timeout is fixed keeps its own; the caller reads back what holds.

import { openWatchdog, type WatchdogHandle } from "../../native/watchdog/index.ts";
import type { Watchdog } from "../ports/watchdog.ts";

/**
 * Opens the device, which starts its timer, and asks for `seconds`.
 * Throws with errno's name when it cannot be opened (ENOENT, EBUSY, ENOTTY) or refuses the timeout (EINVAL).
 */
export function openDeviceWatchdog(path: string, seconds: number): Watchdog {
  const handle = openWatchdog(path);
  try {
    const { identity, canSetTimeout } = handle.info();
    const timeout = canSetTimeout ? handle.setTimeout(seconds) : handle.timeout();
    return { identity, timeout, pet: () => handle.pet(), disarm: () => handle.disarm() };
  } catch (error) {
    stop(handle);
    throw error;
  }
}

/** A timer that nobody will pet must not run on; if it cannot be stopped, the first error is the one to report. */
function stop(handle: WatchdogHandle): void {
  try {
    handle.disarm();
  } catch {
    handle.abandon();
  }
}
