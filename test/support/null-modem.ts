// A null-modem cable made of two pseudo-terminals (pty(7)) and a relay between them: what one end sends, the other end gets,
// at most at the speed of the line if one is given. It can be cut and joined, held up (the other end does not read), disturbed
// with noise, and it counts. A pty has no modem lines, and its slave side stays open here, so that an end may come and go.

import { closeSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { openPty, type PseudoTerminal, unlock } from "../../native/serial/index.ts";
import type { Namespace } from "./netns.ts";

const bitsPerByte = 10;

export class NullModem {
  /** The two ends, to be opened as serial ports. */
  readonly paths: readonly [string, string];
  /** Bytes that came out of each end, and what they were while `record` is on. */
  readonly carried: [number, number] = [0, 0];
  record = false;
  recorded: [string, string] = ["", ""];
  readonly #ends: readonly [Wire, Wire];
  #cut = false;

  /** `baud`: no faster than this; without it as fast as can be. */
  constructor({ baud }: { readonly baud?: number } = {}) {
    const left = new Wire(baud, (bytes) => this.#relay(0, bytes));
    const right = new Wire(baud, (bytes) => this.#relay(1, bytes));
    this.#ends = [left, right];
    this.paths = [left.path, right.path];
  }

  /** Nothing passes any more in either direction. */
  cut(): void {
    this.#cut = true;
  }

  join(): void {
    this.#cut = false;
  }

  /** Stops or goes on reading what the end `from` sends, as an other end that is too busy does. */
  hold(from: 0 | 1, held: boolean): void {
    this.#ends[from].hold(held);
  }

  /** Bytes that nobody sent arrive at the end `to`. */
  disturb(to: 0 | 1, bytes: Uint8Array): void {
    this.#ends[to].deliver(bytes);
  }

  /** A port whose program was killed: the last close of a real one ends the lock, here the relay still has it open. */
  release(end: 0 | 1): void {
    this.#ends[end].release();
  }

  /** Hangs up on both ends, as a USB adapter that is pulled out. */
  dispose(): void {
    for (const end of this.#ends) end.close();
  }

  #relay(from: 0 | 1, bytes: Uint8Array): void {
    this.carried[from] += bytes.length;
    if (this.record) this.recorded[from] += Buffer.from(bytes).toString("latin1");
    if (!this.#cut) this.#ends[from === 0 ? 1 : 0].deliver(bytes);
  }
}

/** One pseudo-terminal: its slave is the port, its master the cable's end in it. */
class Wire {
  readonly path: string;
  readonly #pty: PseudoTerminal;
  readonly #stream: ReadStream;
  readonly #baud: number | undefined;
  #freeAt = 0;
  #closed = false;

  constructor(baud: number | undefined, sent: (bytes: Uint8Array) => void) {
    this.#pty = openPty();
    this.path = this.#pty.path;
    this.#baud = baud;
    this.#stream = new ReadStream(this.#pty.master);
    this.#stream.on("data", sent);
    this.#stream.on("error", () => {});
  }

  hold(held: boolean): void {
    if (held) this.#stream.pause();
    else this.#stream.resume();
  }

  /** Bytes that the port has no room for are lost, as in a UART that nobody reads. */
  deliver(bytes: Uint8Array): void {
    const now = performance.now();
    const time = this.#baud === undefined ? 0 : (bytes.length * bitsPerByte * 1000) / this.#baud;
    this.#freeAt = Math.max(now, this.#freeAt) + time;
    if (this.#freeAt <= now) this.#write(bytes);
    else setTimeout(() => this.#write(bytes), this.#freeAt - now);
  }

  release(): void {
    unlock(this.#pty.slave);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The stream closes the master.
    this.#stream.destroy();
    closeSync(this.#pty.slave);
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      writeSync(this.#pty.master, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

/** Cluster files name the same device on every node, and devices lie below /dev: here a folder that each namespace has to itself. */
export async function plugSerial(namespace: Namespace, device: string, path: string): Promise<void> {
  const folder = "/dev/shm";
  if (!device.startsWith(`${folder}/`)) throw new Error(`${device} is not in ${folder}`);
  const script = `grep -q "pulsebox-serial ${folder} " /proc/mounts || mount -t tmpfs pulsebox-serial ${folder}
    ln -sf ${path} ${device}`;
  await namespace.run(["sh", "-c", script]);
}
