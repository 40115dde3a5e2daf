// Programs of others as children of the daemon: started off the event loop, watched without signals, and with nothing of the
// daemon's about them (clone(2), pidfd_open(2); see logic.h). The standard output and error come out of one pipe.
// Every error has `code` (errno's name), `errno` (negative) and a message such as
// "child: run /usr/lib/site/agent: ENOENT (No such file or directory)".

import { closeSync, readSync } from "node:fs";
import { constants } from "node:os";
import { withoutNul } from "../common/bounds.ts";
import { loadAddon } from "../load.ts";

export interface ChildRequest {
  /** A path, or a name that is searched for in the PATH of `environment`, and its arguments. */
  readonly command: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Name or number in /etc/passwd, whose groups it gets; a number that is not there is its own group. Absent: as this process. */
  readonly user?: string;
  /** With a connected unix stream socket as its descriptor 3, and without the right to gain privileges (PR_SET_NO_NEW_PRIVS). */
  readonly channel?: boolean;
}

/** "SIGKILL", or an exit code. */
export type ChildEnd = { readonly code: number } | { readonly signal: string };

interface Addon {
  start(
    command: readonly string[],
    environment: readonly string[],
    user: string,
    channel: boolean,
    started: (error: Error | undefined, made: Made) => void,
  ): void;
  collect(watch: number): { readonly code?: number; readonly signal?: number } | undefined;
  signalGroup(pid: number, signal: number): void;
  readonly Readable: new (descriptor: number, ready: () => void) => Readable;
}

interface Made {
  readonly pid: number;
  readonly watch: number;
  readonly output: number;
  readonly channel: number;
}

interface Readable {
  stop(): void;
}

const addon = loadAddon<Addon>("child");
const chunk = Buffer.alloc(16 * 1024);
/** Bytes of one child that are taken in one turn of the event loop. */
const mostAtOnce = 64 * 1024;

/**
 * Calls back, never before returning, when the program runs or could not be started. ENOENT, EACCES, ENOEXEC: its file; EINVAL:
 * no such user; EPERM: this process may not become that user.
 */
export function startChild(request: ChildRequest, started: (result: Error | Child) => void): void {
  const command = request.command.map((word) => withoutNul("a word of a command", word));
  const environment = Object.entries(request.environment).map(([name, value]) =>
    withoutNul("an environment variable", `${name}=${value}`),
  );
  const { user = "", channel = false } = request;
  addon.start(command, environment, withoutNul("user", user), channel, (error, made) => {
    started(error ?? new Child(made));
  });
}

/** A running program, leader of its own session and process group. */
export class Child {
  readonly pid: number;
  /** Our end of the channel, to be closed by whoever takes it; -1 when none was asked for. */
  readonly channel: number;
  readonly #watch: number;
  readonly #output: number;
  #ending: Readable | undefined;
  #printing: Readable | undefined;
  #closed: () => void = () => {};

  constructor({ pid, watch, output, channel }: Made) {
    this.pid = pid;
    this.channel = channel;
    this.#watch = watch;
    this.#output = output;
  }

  /** `ended` is called once, when it can be collected; `printed` with each piece of output, and with undefined at its end. */
  observe(ended: () => void, printed: (bytes: Buffer | undefined) => void): void {
    this.#ending = new addon.Readable(this.#watch, () => {
      this.#ending?.stop();
      this.#ending = undefined;
      ended();
    });
    this.#printing = new addon.Readable(this.#output, () => this.readOutput(printed));
  }

  /** Takes what it has printed so far, without waiting. At the end of the output, when nobody can print any more, closes it. */
  readOutput(printed: (bytes: Buffer | undefined) => void): void {
    for (let taken = 0; taken < mostAtOnce && this.#printing !== undefined; ) {
      const bytes = readSome(this.#output);
      if (bytes === undefined) return;
      taken += bytes.length;
      if (bytes.length === 0) this.closeOutput();
      printed(bytes.length === 0 ? undefined : bytes);
    }
  }

  /** Whoever still prints gets SIGPIPE. A second time does nothing. */
  closeOutput(): void {
    if (this.#printing === undefined) return;
    this.#printing.stop();
    this.#printing = undefined;
    closeSync(this.#output);
    this.#closed();
  }

  /** Calls back when the output is closed, because it came to its end or by `closeOutput`. */
  whenClosed(closed: () => void): void {
    this.#closed = closed;
  }

  /** To all of its process group that is left; only until it is collected, because its number is free afterwards. */
  signalGroup(signal: NodeJS.Signals): void {
    addon.signalGroup(this.pid, constants.signals[signal]);
  }

  /** How it ended; only once, and only when `ended` was called. */
  collect(): ChildEnd {
    const end = addon.collect(this.#watch);
    if (end === undefined) throw new Error(`child: process ${this.pid} is collected before its end`);
    closeSync(this.#watch);
    return end.signal === undefined ? { code: end.code ?? 0 } : { signal: signalName(end.signal) };
  }
}

/** A copy of what is there; empty at the end of the output, undefined when there is nothing now. */
function readSome(descriptor: number): Buffer | undefined {
  try {
    return Buffer.from(chunk.subarray(0, readSync(descriptor, chunk)));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
    throw error;
  }
}

/** Several names may share a number (SIGIOT is SIGABRT): the first one listed is the usual one. */
function signalName(signal: number): string {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal);
  return entry?.[0] ?? `signal ${signal}`;
}
