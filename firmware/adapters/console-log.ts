// The port Log: lines as heartbeat's logs have them (cluster-glue, cl_log: "heartbeat[PID]: DATE severity: text"), on a box
// to every active console of the kernel (/sys/class/tty/console/active), elsewhere to standard error.

import { fstatSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import type { Severity } from "../core/action.ts";
import type { Log } from "../ports/log.ts";
import { LineWriter } from "./line-writer.ts";

/** How long the end of the process waits for a slow console, in milliseconds. */
const patience = 1000;

interface LineSink {
  write(line: string): void;
  close(patience: number): Promise<void>;
}

export interface ConsoleLogOptions {
  /** Lines go to the consoles of the box; otherwise to standard error. */
  readonly box: boolean;
  /** Whether lines of severity debug are written. */
  readonly debug: boolean;
}

export class ConsoleLog implements Log {
  readonly #sinks: readonly LineSink[];
  readonly #debug: boolean;

  constructor(options: ConsoleLogOptions) {
    this.#debug = options.debug;
    const consoles = options.box ? openConsoles() : [];
    this.#sinks = consoles.length > 0 ? consoles : [openStandardError()];
  }

  write(severity: Severity, text: string): void {
    if (severity === "debug" && !this.#debug) return;
    const now = new Date();
    for (const line of text.split("\n")) {
      const entry = logLine(now, process.pid, severity, line);
      for (const sink of this.#sinks) sink.write(entry);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close(patience)));
  }
}

/** "heartbeat[4711]: 2026/11/21_22:46:04 info: text", in local time. What could steer a terminal is shown as "?". */
export function logLine(now: Date, pid: number, severity: Severity, text: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}/${two(now.getMonth() + 1)}/${two(now.getDate())}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return `heartbeat[${pid}]: ${date}_${time} ${severity}: ${text.replace(/\p{Cc}/gu, "?")}`;
}

function openConsoles(): LineSink[] {
  let names: string[];
  try {
    names = readFileSync("/sys/class/tty/console/active", "latin1").split(/\s+/).filter(Boolean);
  } catch {
    return []; // a kernel without consoles
  }
  return names.flatMap((name) => {
    try {
      return [new LineWriter(`/dev/${name}`)];
    } catch {
      return []; // listed but not there: the others still speak
    }
  });
}

function openStandardError(): LineSink {
  try {
    // Opened anew: O_NONBLOCK belongs to the open file, which a terminal shares with the shell.
    return new LineWriter("/proc/self/fd/2");
  } catch {
    const kind = fstatSync(2);
    // A socket, as the journal gives it, cannot be opened by path (ENXIO).
    if (kind.isSocket() || kind.isFIFO()) return new StandardErrorSocket();
    // A file or terminal of somebody else, who has handed it down (EACCES).
    return new LineWriter(2);
  }
}

class StandardErrorSocket implements LineSink {
  readonly #socket = new Socket({ fd: 2, readable: false, writable: true });

  constructor() {
    this.#socket.on("error", () => {}); // the journal is gone: nobody is left to be told
    this.#socket.unref();
  }

  write(line: string): void {
    if (this.#socket.writableLength < 64 * 1024) this.#socket.write(`${line}\n`);
  }

  async close(patience: number): Promise<void> {
    const written = new Promise<void>((resolve) => this.#socket.end(resolve));
    await Promise.race([written, new Promise((resolve) => setTimeout(resolve, patience).unref())]);
  }
}
