// One open serial port, as the serial medium needs it: 8N1 with RTS/CTS handshake (termios(3), CRTSCTS) as heartbeat has it,
// locked for this program, with the modem lines that show whether the other end of a null-modem cable is there. The
// serialport package carries the bytes; native/serial does the rest. A pty stands for a port without modem lines.

import { closeSync, constants, openSync } from "node:fs";
import {
  discardUnsent,
  lockExclusive,
  type ModemLines,
  rawMode,
  setLowLatency,
  unlock,
  unsentBytes,
  watchModemLines,
} from "../../native/serial/index.ts";
import { codeOf, outcomeOf } from "./outcome.ts";

export interface SerialPort {
  /** The next bytes, as soon as there are any; rejects when the port is gone or closed. */
  read(): Promise<Uint8Array>;
  /** Resolves when the kernel has taken all of them; rejects when the port is gone or closed. */
  write(bytes: Uint8Array): Promise<void>;
  /** Bytes that the kernel has taken and not sent yet. */
  unsent(): number;
  /** Reports the other end's coming and going as the modem lines show it; `failed` is called once, when the port is gone. */
  watch(changed: (present: boolean) => void, failed: (error: Error) => void): void;
  /** Does not wait for unsent bytes. */
  close(): Promise<void>;
}

/** Rejects with an error that has errno's name in its words and in `code`. */
export type OpenSerialPort = (path: string, baud: number) => Promise<SerialPort>;

/** ms between two looks at the modem lines: below the shortest sensible deadtime. */
const lookInterval = 50;
const readBuffer = 4096;
/** What the modem lines of a port answer that has none. */
const withoutLines = new Set(["ENOTTY", "EINVAL"]);

export const openSerialPort: OpenSerialPort = async (path, baud) => {
  const { SerialPort: Package } = await import("serialport");
  // serialport changes a port before it asks for the lock, and its errors have no errno: so ask, and see them, first.
  const guard = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    lockExclusive(guard);
    unlock(guard);
    rawMode(guard, baud);
    const port = await Package.binding.open({ path, baudRate: baud, rtscts: true, lock: true });
    const { fd } = port;
    if (typeof fd !== "number") throw new Error(`serial: open ${path}: the port has no descriptor`);
    lockExclusive(fd);
    // Where the driver has the setting; without it bytes come some milliseconds later.
    outcomeOf(() => setLowLatency(fd, true));
    return opened(path, port, fd);
  } finally {
    closeSync(guard);
  }
};

interface PackagePort {
  read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }>;
  write(buffer: Buffer): Promise<void>;
  close(): Promise<void>;
}

function opened(path: string, port: PackagePort, fd: number): SerialPort {
  const buffer = Buffer.alloc(readBuffer);
  const gone = (cause: unknown): never => {
    // What poll(2) reports as an error has no errno: libuv calls it EBADF.
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
    throw Object.assign(new Error(`serial: ${path}: ${code}: the port is gone`, { cause }), { code });
  };
  let endWatch = (): void => {};
  let open = true;
  return {
    async read() {
      const { bytesRead } = await port.read(buffer, 0, readBuffer).catch(gone);
      return Uint8Array.prototype.slice.call(buffer, 0, bytesRead);
    },
    write: (bytes) => port.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).catch(gone),
    unsent() {
      if (!open) throw new Error("serial: the port is closed");
      return unsentBytes(fd);
    },
    watch(changed, failed) {
      endWatch = watchPresence(fd, changed, failed);
    },
    async close() {
      // The number of a closed descriptor may be another file's by now.
      if (!open) return;
      open = false;
      endWatch();
      outcomeOf(() => discardUnsent(fd));
      outcomeOf(() => unlock(fd));
      await port.close();
    },
  };
}

function watchPresence(
  fd: number,
  changed: (present: boolean) => void,
  failed: (error: Error) => void,
): () => void {
  const presence = otherEndPresence();
  let present = false;
  const watch = watchModemLines(
    fd,
    (lines) => {
      const before = present;
      present = presence(lines);
      if (present !== before) changed(present);
    },
    (error) => {
      if (!withoutLines.has(codeOf(error))) failed(error);
    },
    lookInterval,
  );
  return () => watch.close();
}

/**
 * Tells from each state of the lines whether the other end is there. A null-modem cable shows the other end's DTR, up while
 * its port is open, as DSR and DCD. Cables that cross only RTS and CTS show its RTS, which a full receiver takes down too.
 */
export function otherEndPresence(): (lines: ModemLines) => boolean {
  let crossesDtr = false;
  return ({ dsr, dcd, cts }) => {
    crossesDtr ||= dsr || dcd;
    return crossesDtr ? dsr || dcd : cts;
  };
}
