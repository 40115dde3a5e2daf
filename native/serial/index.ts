// What the serialport package lacks for null-modem heartbeats: modem lines, locking, latency, finding ports without udev,
// and pseudo-terminals as simulated cables. Sources: ioctl_tty(2), termios(3), pty(7), flock(2), <linux/serial.h>.
// Every function takes the descriptor of an open tty (serialport's `port.fd`) and leaves it open. Every error has `code`
// (errno's name), `errno` (negative) and a message such as "serial: lock /dev/ttyS1 (fd 21): EBUSY (…): another program holds it".

import { integerWithin } from "../common/bounds.ts";
import { loadAddon } from "../load.ts";
import { type ModemLineSink, type ModemLines, type ModemLineWatch, watchLines } from "./watch.ts";

export { listSerialPorts, type SerialPortEntry } from "./ports.ts";
export type { ModemLineSink, ModemLines, ModemLineWatch } from "./watch.ts";

/** Lines to set; those left out stay as they are. `break` holds the transmit line in the space state. */
export interface ModemLineChange {
  readonly rts?: boolean;
  readonly dtr?: boolean;
  readonly break?: boolean;
}

/** Both ends of a pseudo-terminal in raw mode, close-on-exec and non-blocking; the caller closes both. */
export interface PseudoTerminal {
  readonly master: number;
  readonly slave: number;
  /** The slave's device, "/dev/pts/3". */
  readonly path: string;
}

interface Addon {
  modemLines(descriptor: number): ModemLines;
  setModemLines(descriptor: number, change: ModemLineChange): void;
  lockExclusive(descriptor: number): void;
  unlock(descriptor: number): void;
  setLowLatency(descriptor: number, on: boolean): void;
  unsentBytes(descriptor: number): number;
  discardUnsent(descriptor: number): void;
  rawMode(descriptor: number, baud: number): void;
  openPty(): PseudoTerminal;
}

const addon = loadAddon<Addon>("serial");
const greatestDescriptor = 2 ** 31 - 1;
const fastestBaud = 4_000_000;

/** ENOTTY: the tty has no modem lines, as a pseudo-terminal. */
export function modemLines(descriptor: number): ModemLines {
  return addon.modemLines(checked(descriptor));
}

/** Throws ENOTTY like modemLines; a `break` alone works on every tty that can send one. */
export function setModemLines(descriptor: number, change: ModemLineChange): void {
  addon.setModemLines(checked(descriptor), change);
}

/**
 * Keeps every other program off the port until unlock() or the last close of this open file: flock, which serialport and other
 * well-behaved programs honour, and TIOCEXCL, which makes open() fail with EBUSY for all but root. EBUSY: it is taken already.
 */
export function lockExclusive(descriptor: number): void {
  addon.lockExclusive(checked(descriptor));
}

export function unlock(descriptor: number): void {
  addon.unlock(checked(descriptor));
}

/** Has the driver hand over received bytes at once. ENOTTY: the driver has no such setting; EPERM: needs CAP_SYS_ADMIN. */
export function setLowLatency(descriptor: number, on: boolean): void {
  addon.setLowLatency(checked(descriptor), on);
}

/** Bytes that were written and have not left the port yet: they wait for the line, or for the peer's RTS. Always 0 on a pty. */
export function unsentBytes(descriptor: number): number {
  return addon.unsentBytes(checked(descriptor));
}

/** Throws those bytes away; a close that would wait for them (30 s in most drivers) then ends at once. */
export function discardUnsent(descriptor: number): void {
  addon.discardUnsent(checked(descriptor));
}

/** Sets 8N1 without translation, echo or flow control. EINVAL: not a standard speed, or one that the driver did not take. */
export function rawMode(descriptor: number, baud: number): void {
  addon.rawMode(checked(descriptor), integerWithin("baud", baud, 1, fastestBaud));
}

export function openPty(): PseudoTerminal {
  return addon.openPty();
}

/**
 * Reports the lines once soon and then each change, looked at every `interval` milliseconds. The first failure (ENOTTY: no modem
 * lines; EIO: the port is gone) goes to `onError` and ends the watch. The descriptor must stay open until close().
 */
export function watchModemLines(
  descriptor: number,
  onChange: ModemLineSink["onChange"],
  onError: ModemLineSink["onError"],
  interval = 20,
): ModemLineWatch {
  checked(descriptor);
  return watchLines(() => addon.modemLines(descriptor), { onChange, onError }, interval);
}

function checked(descriptor: number): number {
  return integerWithin("file descriptor", descriptor, 0, greatestDescriptor);
}
