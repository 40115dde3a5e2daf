// The serial addon on real pseudo-terminals (pty(7)), alone and together with the serialport package that carries the bytes.
// A pty has no modem lines and no latency setting: what it answers is the contract for such ports.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { SerialPort } from "serialport";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  discardUnsent,
  listSerialPorts,
  lockExclusive,
  modemLines,
  openPty,
  type PseudoTerminal,
  rawMode,
  setLowLatency,
  setModemLines,
  unlock,
  unsentBytes,
  watchModemLines,
} from "../../native/serial/index.ts";

let pty: PseudoTerminal;
beforeEach(() => {
  pty = openPty();
});
afterEach(() => {
  closeSync(pty.master);
  closeSync(pty.slave);
});

/** Waits until `length` bytes came through the non-blocking descriptor. */
async function received(descriptor: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  const more = (): boolean => {
    try {
      filled += readSync(descriptor, bytes, filled, length - filled, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    return filled === length;
  };
  await expect.poll(more, { timeout: 5_000, interval: 2 }).toBe(true);
  return bytes;
}

function otherOpen(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, value) => value));

describe("pseudo-terminal", () => {
  it("carries every byte unchanged in both directions", async () => {
    writeSync(pty.master, everyByte);
    expect(await received(pty.slave, 256)).toEqual(everyByte);
    writeSync(pty.slave, everyByte);
    expect(await received(pty.master, 256)).toEqual(everyByte);
  });

  it("is not inherited by child processes", () => {
    const { stdout } = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" });
    // Whatever the three standard descriptors are here, ls lists the folder that it has open itself.
    expect(stdout).toMatch(/-> \/proc\/\d+\/fd$/m);
    expect(stdout).not.toContain(pty.path);
    expect(stdout).not.toContain("ptmx");
  });

  it("has nothing unsent once the other side has it, and goes on after what was unsent is discarded", async () => {
    writeSync(pty.slave, everyByte);
    expect(await received(pty.master, 256)).toEqual(everyByte);
    expect(unsentBytes(pty.slave)).toBe(0);
    discardUnsent(pty.slave);
    writeSync(pty.slave, everyByte);
    expect(await received(pty.master, 256)).toEqual(everyByte);
  });

  it("takes the standard speeds", () => {
    for (const baud of [300, 9_600, 19_200, 115_200, 4_000_000]) {
      rawMode(pty.slave, baud);
      const { stdout } = spawnSync("stty", ["-F", pty.path, "speed"], { encoding: "utf8" });
      expect(stdout.trim()).toBe(`${baud}`);
    }
  });
});

describe("serialport on a pseudo-terminal", () => {
  it("sends and receives frames while the addon has set the port up", async () => {
    const port = new SerialPort({ path: pty.path, baudRate: 19_200, autoOpen: false });
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    try {
      port.write(everyByte);
      expect(await received(pty.master, 256)).toEqual(everyByte);
      const arrived = once(port, "data");
      writeSync(pty.master, "###\nt=status\n%%%\n");
      expect(`${(await arrived)[0]}`).toBe("###\nt=status\n%%%\n");
    } finally {
      await new Promise<void>((resolve) => port.close(() => resolve()));
    }
  });

  it("is refused a port that the addon has locked", async () => {
    lockExclusive(pty.slave);
    const port = new SerialPort({ path: pty.path, baudRate: 19_200, autoOpen: false });
    const opened = new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(error) : resolve()));
    });
    await expect(opened).rejects.toThrow(/cannot (lock|open)/i);
  });
});

describe("exclusive lock", () => {
  it("keeps a second open file off until it is given up", () => {
    lockExclusive(pty.slave);
    // Root passes TIOCEXCL and meets the lock; anybody else is refused by open itself.
    if (process.getuid?.() === 0) {
      const second = otherOpen(pty.path);
      const words = "EBUSY (Device or resource busy): another program holds it";
      const message = `serial: lock ${pty.path} (fd ${second}): ${words}`;
      expect(() => lockExclusive(second)).toThrow(expect.objectContaining({ code: "EBUSY", message }));
      closeSync(second);
    } else {
      expect(() => otherOpen(pty.path)).toThrow("EBUSY");
    }
    unlock(pty.slave);
    const third = otherOpen(pty.path);
    lockExclusive(third);
    closeSync(third);
  });

  it("may be taken again by its holder", () => {
    lockExclusive(pty.slave);
    lockExclusive(pty.slave);
  });

  it("ends with the open file that holds it", () => {
    const holder = otherOpen(pty.path);
    lockExclusive(holder);
    closeSync(holder);
    lockExclusive(pty.slave);
  });

  it("is refused for what is no tty, and no lock stays behind", () => {
    const file = openSync(import.meta.filename, "r");
    const again = openSync(import.meta.filename, "r");
    for (const descriptor of [file, again]) {
      expect(() => lockExclusive(descriptor)).toThrow("ENOTTY (Inappropriate ioctl for device)");
    }
    closeSync(file);
    closeSync(again);
  });
});

describe("a port without modem lines", () => {
  const words = "ENOTTY (Inappropriate ioctl for device)";
  it("says so in words", () => {
    const port = `${pty.path} (fd ${pty.slave})`;
    const missing = "this tty has no modem lines";
    const refusal = (message: string) => expect.objectContaining({ code: "ENOTTY", errno: -25, message });
    expect(() => modemLines(pty.slave)).toThrow(
      refusal(`serial: read the modem lines of ${port}: ${words}: ${missing}`),
    );
    expect(() => setModemLines(pty.slave, { rts: true })).toThrow(
      refusal(`serial: set the modem lines of ${port}: ${words}: ${missing}`),
    );
    expect(() => setLowLatency(pty.slave, true)).toThrow(
      refusal(`serial: set low latency on ${port}: ${words}: the driver has no latency setting`),
    );
  });

  it("ends a watch with one error", async () => {
    const errors: Error[] = [];
    await new Promise<void>((resolve) => {
      const unexpected = (): never => {
        throw new Error("a pty reported modem lines");
      };
      watchModemLines(pty.slave, unexpected, (error) => {
        errors.push(error);
        resolve();
      });
      expect(errors).toEqual([]);
    });
    expect(errors.map((error) => error.message)).toEqual([expect.stringContaining("no modem lines")]);
  });

  it("accepts a break, and a change of nothing", () => {
    setModemLines(pty.slave, {});
    setModemLines(pty.slave, { break: true });
    setModemLines(pty.slave, { break: false });
  });
});

describe("bad arguments", () => {
  it("are refused before the kernel sees them", () => {
    for (const descriptor of [-1, 0.5, Number.NaN, 2 ** 31]) {
      expect(() => modemLines(descriptor)).toThrow(RangeError);
    }
    expect(() => rawMode(pty.slave, 19_201)).toThrow(
      `serial: set raw mode at 19201 baud on ${pty.path} (fd ${pty.slave}): EINVAL (Invalid argument): not one of the standard speeds`,
    );
    expect(() => modemLines(1_000_000)).toThrow("serial: read the modem lines of fd 1000000: EBADF");
  });
});

const driverTable = "/proc/tty/driver/serial";
const hidden = process.getuid?.() !== 0;
if (hidden)
  console.warn(`skipped: only root may read ${driverTable}, which the list of ports is compared with`);

describe.skipIf(hidden)("list of serial ports", () => {
  it("names the UARTs that the kernel found on this machine", () => {
    const found = existsSync(driverTable) ? readFileSync(driverTable, "latin1") : "";
    const real = [...found.matchAll(/^(\d+): uart:(?!unknown)/gm)].map((match) => `/dev/ttyS${match[1]}`);
    const listed = listSerialPorts().filter((port) => port.path.startsWith("/dev/ttyS"));
    expect(listed.map((port) => port.path)).toEqual(real);
  });
});
