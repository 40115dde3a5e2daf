// Lines to a descriptor that may be slow or stuck (a serial console without a reader, a full pipe) without ever waiting for it:
// O_NONBLOCK (open(2)), a bounded queue, and what did not fit is counted and said as soon as there is room again.

import { closeSync, constants, openSync, writeSync } from "node:fs";
import { codeOf } from "./outcome.ts";

/** Bytes that may wait; about six seconds of a 115200 baud line. */
const capacity = 64 * 1024;
/** Between two tries while the device is full, in milliseconds. */
const retryInterval = 20;

export class LineWriter {
  readonly #descriptor: number;
  readonly #name: string;
  /** Whether it was opened here. */
  readonly #own: boolean;
  #waiting: Buffer[] = [];
  #length = 0;
  #dropped = 0;
  #retry: NodeJS.Timeout | undefined;

  /**
   * `target` is the path of a device, a pipe, a file that is appended to, or /proc/self/fd/N; throws what open(2) answers. Or it is
   * a descriptor, which is used as it is and stays open: whether it ever waits is up to whoever opened it.
   */
  constructor(target: string | number) {
    this.#own = typeof target === "string";
    this.#name = typeof target === "string" ? target : `/proc/self/fd/${target}`;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY, O_APPEND } = constants;
    this.#descriptor =
      typeof target === "number" ? target : openSync(target, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_APPEND);
  }

  /** `line` is without its end. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#length + bytes.length > capacity) {
      this.#dropped += 1;
      return;
    }
    this.#push(bytes);
    if (this.#retry === undefined) this.#flush();
  }

  /** Resolves when everything is written or `patience` milliseconds have passed, then closes. */
  async close(patience: number): Promise<void> {
    const end = performance.now() + patience;
    while (this.#length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, retryInterval));
    }
    clearTimeout(this.#retry);
    this.#waiting = [];
    if (this.#own) closeSync(this.#descriptor);
  }

  #push(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#length += bytes.length;
  }

  #flush(): void {
    this.#retry = undefined;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const written = this.#writeSome(first);
      if (written === undefined) {
        this.#retry = setTimeout(() => this.#flush(), retryInterval);
        this.#retry.unref();
        return;
      }
      this.#length -= written;
      if (written < first.length) this.#waiting[0] = first.subarray(written);
      else this.#waiting.shift();
      if (this.#waiting.length === 0) this.#sayDropped();
    }
  }

  #sayDropped(): void {
    if (this.#dropped === 0) return;
    this.#push(Buffer.from(`(${this.#dropped} lines lost: ${this.#name} was too slow)\n`));
    this.#dropped = 0;
  }

  /** The number of bytes taken; undefined when there is no room now. A device that is gone swallows everything. */
  #writeSome(bytes: Buffer): number | undefined {
    try {
      return writeSync(this.#descriptor, bytes);
    } catch (error) {
      return codeOf(error) === "EAGAIN" ? undefined : bytes.length;
    }
  }
}
