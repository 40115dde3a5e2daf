// The hardware timer that resets the machine unless it is petted (Documentation/watchdog/watchdog-api.rst, <linux/watchdog.h>).
// Opening starts it; from then on the machine lives only as long as somebody calls pet() within the timeout.
// Every error has `code` (errno's name), `errno` (negative) and a message such as
// "watchdog: open /dev/watchdog: ENOENT (No such file or directory)".

import { constants } from "node:os";
import { integerWithin, withoutNul } from "../common/bounds.ts";
import { loadAddon } from "../load.ts";

/** What the driver says about itself (WDIOC_GETSUPPORT). */
export interface WatchdogInfo {
  readonly identity: string;
  readonly firmwareVersion: number;
  /** Names of the WDIOF_* bits without the prefix, "SETTIMEOUT"; a bit that has no name is "0x1000". */
  readonly options: readonly string[];
  /** disarm() works. Without it, closing in any way stops the timer: abandon() does not let it run on. */
  readonly magicClose: boolean;
  readonly canSetTimeout: boolean;
}

/** An open watchdog whose timer runs. After disarm() or abandon() every method throws EBADF. */
export interface WatchdogHandle {
  readonly path: string;
  info(): WatchdogInfo;
  /** Seconds without petting after which the machine is reset. */
  timeout(): number;
  /**
   * Sets the timeout and returns the whole seconds that the driver accepted, which may differ.
   * EOPNOTSUPP: this driver's timeout is fixed (`canSetTimeout`). EINVAL: out of the driver's range.
   */
  setTimeout(seconds: number): number;
  /** Whole seconds until the reset; undefined if the driver cannot tell. */
  timeLeft(): number | undefined;
  /** What the card remembers of the last start, as names of WDIOF_* bits: "CARDRESET" after a reset by this timer. */
  bootStatus(): readonly string[];
  /** Starts the timeout anew. One write; never blocks. */
  pet(): void;
  /**
   * Stops the timer (magic close) and closes. A kernel set to `nowayout` keeps the timer running and says so only in its log.
   * If the driver refuses the magic character this throws, and the handle stays open and must be petted on.
   */
  disarm(): void;
  /** Closes without stopping: the machine resets after the timeout unless the device is opened again. */
  abandon(): void;
}

interface Addon {
  openDevice(path: string): number;
  support(device: number, path: string): Pick<WatchdogInfo, "identity" | "firmwareVersion" | "options">;
  timeout(device: number, path: string): number;
  setTimeout(device: number, path: string, seconds: number): number;
  timeLeft(device: number, path: string): number | undefined;
  bootStatus(device: number, path: string): readonly string[];
  pet(device: number, path: string): void;
  permitStop(device: number, path: string): void;
  closeDevice(device: number, path: string): void;
}

const addon = loadAddon<Addon>("watchdog");
const longestTimeout = 2 ** 31 - 1;

/**
 * Opens `path` close-on-exec and thereby starts the timer.
 * Throws ENOENT or ENXIO (no such device), EACCES, EBUSY (somebody holds it), ENOTTY (the file is no watchdog).
 */
export function openWatchdog(path: string): WatchdogHandle {
  return new OpenWatchdog(path);
}

class OpenWatchdog implements WatchdogHandle {
  readonly path: string;
  #device: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.#device = addon.openDevice(withoutNul("watchdog path", path));
  }

  info(): WatchdogInfo {
    const support = addon.support(this.#open("info"), this.path);
    return {
      ...support,
      magicClose: support.options.includes("MAGICCLOSE"),
      canSetTimeout: support.options.includes("SETTIMEOUT"),
    };
  }

  timeout(): number {
    return addon.timeout(this.#open("timeout"), this.path);
  }

  setTimeout(seconds: number): number {
    integerWithin("watchdog timeout in seconds", seconds, 1, longestTimeout);
    return addon.setTimeout(this.#open("setTimeout"), this.path, seconds);
  }

  timeLeft(): number | undefined {
    return addon.timeLeft(this.#open("timeLeft"), this.path);
  }

  bootStatus(): readonly string[] {
    return addon.bootStatus(this.#open("bootStatus"), this.path);
  }

  pet(): void {
    addon.pet(this.#open("pet"), this.path);
  }

  disarm(): void {
    addon.permitStop(this.#open("disarm"), this.path);
    this.abandon();
  }

  abandon(): void {
    const device = this.#open("abandon");
    this.#device = undefined;
    addon.closeDevice(device, this.path);
  }

  /** The descriptor. Its number may belong to another file once it was closed, so it is never used again. */
  #open(operation: string): number {
    if (this.#device !== undefined) return this.#device;
    const message = `watchdog: ${operation} ${this.path}: EBADF (Bad file descriptor): it was closed before`;
    throw Object.assign(new Error(message), { code: "EBADF", errno: -constants.errno.EBADF });
  }
}
