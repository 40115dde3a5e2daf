// The port Watchdog on a Linux watchdog device (Documentation/watchdog/watchdog-api.rst).
// A driver whose timeout is fixed keeps its own; the caller reads back what holds.

import { openWatchdog, type WatchdogHandle } from "../../native/watchdog/index.ts";
import type { Watchdog } from "../ports/watchdog.ts";
import { outcomeOf } from "./outcome.ts";

/**
 * Opens the device, which starts its timer, and asks for `seconds`; a driver that cannot keeps the timeout it has.
 * Throws with errno's name when it cannot be opened: ENOENT, EBUSY, ENOTTY.
 */
export function openDeviceWatchdog(path: string, seconds: number): Watchdog {
  const handle = openWatchdog(path);
  try {
    const { identity } = handle.info();
    const timeout = acceptedTimeout(handle, seconds);
    return { identity, timeout, pet: () => handle.pet(), disarm: () => handle.disarm() };
  } catch (error) {
    stop(handle);
    throw error;
  }
}

/** EOPNOTSUPP: the timeout is fixed. EINVAL: out of the driver's range. */
function acceptedTimeout(handle: WatchdogHandle, seconds: number): number {
  outcomeOf(() => handle.setTimeout(seconds));
  return handle.timeout();
}

/** A timer that nobody will pet must not run on; if it cannot be stopped, the first error is the one to report. */
function stop(handle: WatchdogHandle): void {
  try {
    handle.disarm();
  } catch {
    handle.abandon();
  }
}
