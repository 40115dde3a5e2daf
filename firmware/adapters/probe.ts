// One attempt of a check: connect by TCP (tcp(7)), send, wait for what the reply must contain. Whatever the other side does,
// it ends within the check's timeout, holds a bounded part of the reply, and says in one line what was seen.

import { connect } from "node:net";
import { getSystemErrorMessage } from "node:util";
import type { CheckSpec } from "../core/program.ts";
import { longestDetail } from "./worker-messages.ts";

/** Bytes of a reply that are looked at. */
const mostReply = 64 * 1024;
/** Characters of a reply that are shown to people. */
const mostShown = 60;

export interface Attempt {
  /** Gives the attempt up; it calls back no more. */
  cancel(): void;
}

/** Calls back once, never before returning. */
export function probe(check: CheckSpec, done: (ok: boolean, detail: string) => void): Attempt {
  const started = performance.now();
  const socket = connect({ host: check.address, port: check.port, noDelay: true });
  const place = check.address.includes(":")
    ? `[${check.address}]:${check.port}`
    : `${check.address}:${check.port}`;
  const reply = new Reply(check);
  let over = false;
  const finish = (ok: boolean, detail: string): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    socket.destroy();
    done(ok, printable(detail).slice(0, longestDetail));
  };
  const since = (): string => `${Math.round(performance.now() - started)} ms`;
  const timer = setTimeout(() => {
    const within = `within ${check.timeout} ms`;
    if (socket.connecting) finish(false, `no connection to ${place} ${within}`);
    else finish(false, `connected to ${place}, but ${reply.missing()} ${within}`);
  }, check.timeout);
  socket.on("error", (error) => finish(false, describeError(error, place, reply)));
  socket.on("connect", () => {
    if (check.send === undefined && check.expect === undefined)
      finish(true, `connected to ${place} after ${since()}`);
    else if (check.send !== undefined) socket.write(check.send);
  });
  socket.on("data", (bytes) => {
    const found = reply.take(bytes);
    if (found) finish(true, `${place} replied after ${since()}`);
    else if (reply.isFull)
      finish(false, `the first ${mostReply} bytes from ${place} have no ${quoted(check.expect)}`);
  });
  socket.on("end", () => finish(false, `${place} closed the connection: ${reply.missing()}`));
  return {
    cancel: () => {
      over = true;
      clearTimeout(timer);
      socket.destroy();
    },
  };
}

/** What has come so far, and whether it is what was expected. */
class Reply {
  readonly #expected: Buffer;
  readonly #check: CheckSpec;
  #bytes = Buffer.alloc(0);

  constructor(check: CheckSpec) {
    this.#check = check;
    this.#expected = Buffer.from(check.expect ?? "");
  }

  /** True when it has what was expected. */
  take(bytes: Buffer): boolean {
    const before = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(0, mostReply);
    // What was searched before is searched again only where the text may straddle the seam.
    return this.#bytes.indexOf(this.#expected, Math.max(0, before - this.#expected.length)) >= 0;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get isFull(): boolean {
    return this.#bytes.length >= mostReply;
  }

  missing(): string {
    if (this.#bytes.length === 0) return "no reply";
    const shown = this.#bytes.subarray(0, mostShown).toString();
    return `no ${quoted(this.#check.expect)} in the reply, which begins ${quoted(shown)}`;
  }
}

function describeError(error: NodeJS.ErrnoException, place: string, { length }: Reply): string {
  const { code = "", errno } = error;
  const words = errno === undefined ? error.message : `${code} (${getSystemErrorMessage(errno)})`;
  if (error.syscall === "connect") return `no connection to ${place}: ${words}`;
  return `connection to ${place} broken after ${length} bytes of reply: ${words}`;
}

function quoted(text = ""): string {
  return JSON.stringify(text);
}

/** Strangers' bytes reach the log of `ha` through here. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu, "?");
}
