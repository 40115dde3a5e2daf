// The port Checks through the worker process: it tries, this tells. The worker may be wrong, slow, stuck or dead, and none of
// it reaches further than a log line: what it says is taken by form and amount, verdicts stay as they were while it is away,
// and it is started again after a pause that grows while it keeps failing.

import { Socket } from "node:net";
import { type Child, type ChildEnd, startChild } from "../../native/child/index.ts";
import type { CheckSpec } from "../core/program.ts";
import type { Checks } from "../ports/checks.ts";
import { words } from "./outcome.ts";
import { OutputTail } from "./output-tail.ts";
import { aliveInterval, decodeReport, encode, LineCutter } from "./worker-messages.ts";

/** Pauses before the worker starts again, ms: doubled with each failure, the first again after a run of `soundRun`. */
const firstPause = 1_000;
const longestPause = 60_000;
const soundRun = 60_000;
/** A worker that says nothing for so long, ms, is stuck. */
const patience = 5 * aliveInterval;
/** Characters in one second: a thousand verdicts and more. */
const mostSaid = 256 * 1024;
/** Bytes of its standard error that are kept for the log. */
const mostOutput = 1_000;

type Checked = (id: string, ok: boolean, detail: string) => void;

export interface WorkerChecksOptions {
  /** How the worker is called. */
  readonly command: readonly string[];
  warn(text: string): void;
  /** Before the first restart, ms. */
  readonly firstPause?: number;
  /** After which silence the worker is ended, ms. */
  readonly patience?: number;
}

export class WorkerChecks implements Checks {
  readonly #options: Required<WorkerChecksOptions>;
  #wanted: readonly CheckSpec[] = [];
  #checked: Checked = () => {};
  #worker: Worker | undefined;
  #pause: number;
  #restart: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WorkerChecksOptions) {
    this.#options = { firstPause, patience, ...options };
    this.#pause = this.#options.firstPause;
  }

  watch(checked: Checked): void {
    this.#checked = checked;
  }

  /** The worker runs while the list is not empty. */
  want(checks: readonly CheckSpec[]): void {
    if (this.#closed) return;
    this.#wanted = checks;
    if (this.#worker !== undefined) this.#worker.want(checks);
    else if (checks.length > 0 && this.#restart === undefined) this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#worker?.end();
    await this.#worker?.gone;
  }

  /** Of the worker that runs. */
  get pid(): number | undefined {
    return this.#worker?.pid;
  }

  #start(): void {
    const started = performance.now();
    const worker = new Worker(this.#options.command, this.#options.patience, {
      said: (id, ok, detail) => {
        if (!this.#closed && this.#wanted.some((check) => check.id === id)) this.#checked(id, ok, detail);
      },
      ended: (why) => {
        this.#worker = undefined;
        if (this.#closed) return;
        if (why !== undefined) this.#startAgain(why, performance.now() - started);
        else if (this.#wanted.length > 0) this.#start();
      },
    });
    this.#worker = worker;
    worker.want(this.#wanted);
  }

  #startAgain(why: string, ran: number): void {
    if (this.#wanted.length === 0) return;
    if (ran >= soundRun) this.#pause = this.#options.firstPause;
    const pause = this.#pause;
    this.#pause = Math.min(2 * pause, longestPause);
    this.#options.warn(`Worker ${why}; the last verdicts stand, starting it again in ${pause / 1000} s`);
    this.#restart = setTimeout(() => {
      this.#restart = undefined;
      if (this.#wanted.length > 0) this.#start();
    }, pause);
  }
}

interface WorkerSink {
  said: Checked;
  /** Called once; `why` is absent when it was ended from here in order. */
  ended(why: string | undefined): void;
}

/** One run of the worker process. */
class Worker {
  /** Resolves after `ended` was called. */
  readonly gone: Promise<void>;
  readonly #sink: WorkerSink;
  readonly #patience: number;
  readonly #lines = LineCutter.ofReports();
  #resolve: () => void = () => {};
  #child: Child | undefined;
  #channel: Socket | undefined;
  #wanted: readonly CheckSpec[] = [];
  #silence: NodeJS.Timeout | undefined;
  readonly #output = new OutputTail(mostOutput);
  /** Why it is being ended from here. */
  #ending: { readonly why: string | undefined } | undefined;
  #second = 0;
  #saidInSecond = 0;

  constructor(command: readonly string[], patienceTime: number, sink: WorkerSink) {
    this.#sink = sink;
    this.#patience = patienceTime;
    this.gone = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    startChild({ command, environment: { LANG: "C" }, channel: true }, (result) => this.#started(result));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** An empty list ends it. */
  want(checks: readonly CheckSpec[]): void {
    this.#wanted = checks;
    if (checks.length === 0) this.end();
    else this.#channel?.write(encode({ checks }));
  }

  /** In order, as far as it still can. */
  end(): void {
    this.#end(undefined);
  }

  #started(result: Error | Child): void {
    if (result instanceof Error) {
      this.#over(`cannot be started: ${words(result)}`);
      return;
    }
    this.#child = result;
    result.observe(
      () => this.#collect(result),
      (bytes) => this.#printed(bytes),
    );
    const channel = new Socket({ fd: result.channel, readable: true, writable: true });
    this.#channel = channel;
    channel.setEncoding("utf8");
    channel.on("error", () => {}); // it is gone: `#collect` follows
    channel.on("data", (text: string) => this.#hear(text));
    if (this.#ending !== undefined) result.signalGroup("SIGKILL");
    else channel.write(encode({ checks: this.#wanted }));
    this.#awaitWord();
  }

  #hear(text: string): void {
    if (this.#ending !== undefined) return;
    this.#awaitWord();
    const second = Math.floor(performance.now() / 1000);
    this.#saidInSecond = second === this.#second ? this.#saidInSecond + text.length : text.length;
    this.#second = second;
    if (this.#saidInSecond > mostSaid) this.#end({ why: "said more than it can have to say" });
    for (const line of this.#lines.cut(text) ?? [""]) {
      const report = decodeReport(line);
      if (report === undefined) this.#end({ why: "said what is no verdict" });
      if (this.#ending !== undefined) return;
      if (report !== undefined && "id" in report) this.#sink.said(report.id, report.ok, report.detail);
    }
  }

  #awaitWord(): void {
    clearTimeout(this.#silence);
    const stuck = { why: `said nothing for ${this.#patience / 1000} s` };
    this.#silence = setTimeout(() => this.#end(stuck), this.#patience);
  }

  #end(fault: { readonly why: string } | undefined): void {
    if (this.#ending !== undefined) return;
    this.#ending = fault ?? { why: undefined };
    this.#channel?.destroy();
    this.#child?.signalGroup("SIGKILL"); // it holds nothing that a gentler end could save
  }

  #collect(child: Child): void {
    child.readOutput((bytes) => this.#printed(bytes));
    child.closeOutput();
    this.#channel?.destroy();
    const end = child.collect();
    this.#over(this.#ending === undefined ? this.#describe(end) : this.#ending.why);
  }

  #printed(bytes: Buffer | undefined): void {
    if (bytes !== undefined) this.#output.add(bytes);
  }

  #describe(end: ChildEnd): string {
    const [last] = this.#output.text.split("\n").slice(-1);
    const how = "code" in end ? `ended with ${end.code}` : `ended by ${end.signal}`;
    return last ? `${how} (${last})` : how;
  }

  #over(why: string | undefined): void {
    clearTimeout(this.#silence);
    this.#sink.ended(why);
    this.#resolve();
  }
}
