// The port Medium for heartbeat's serial: classic frames over a null-modem cable, at the speed of the line.
// A port that is missing, taken or unplugged is a state, not a failure: the medium keeps trying and says so once. An other
// end that does not read holds up nothing but its own frames: what is handed to the kernel is at most one piece, the rest
// waits here, where it stays fresh (send-queue.ts).

import { setTimeout as sleep } from "node:timers/promises";
import { type ClassicStream, emptyStream, takePiece } from "../core/heartbeat/classic-stream.ts";
import type { Medium, MediumSink } from "../ports/medium.ts";
import { codeOf, words } from "./outcome.ts";
import { SendQueue } from "./send-queue.ts";
import type { OpenSerialPort, SerialPort } from "./serial-port.ts";

export interface SerialOptions {
  readonly device: string;
  readonly baud: number;
  /** ms that a heartbeat may wait behind other frames without the peer calling this node late. */
  readonly patience: number;
}

/** ms between two tries to open. */
const retryInterval = 500;
/** heartbeat writes no more at once; at 9600 baud it is half a second. */
const pieceLength = 512;
/** 8N1: a start bit, eight data bits, a stop bit. */
const bitsPerByte = 10;
/** Bytes trickle in by the few that a UART holds, and a read costs more than they are worth: so many are let come first. */
const worthReading = 64;
/** ms between two looks whether the last words are out. */
const lingerInterval = 10;
/** ms; a piece that is not out by then beyond its own time meets an other end that does not read, or none. */
const stuckAfter = 2000;
/** So many bytes without a frame are not the rest of one that began before the port was opened. */
const noiseLimit = 2048;
/** ms that the orderly end waits for its last words to get out, and that it waits while nothing gets out. */
const lingerTime = 4000;
const hopelessAfter = 1000;

export class SerialMedium implements Medium {
  readonly id: string;
  readonly #options: SerialOptions;
  readonly #openPort: OpenSerialPort;
  readonly #queue: SendQueue;
  /** Errors of the port that were said since a frame got out. */
  readonly #reported = new Set<string>();
  #overflowing = false;
  #noisy = false;
  #sink: MediumSink | undefined;
  #port: SerialPort | undefined;
  #opening = false;
  #closing = false;
  /** A frame is between queue and line. */
  #sending = false;
  /** When the last piece had left the port; performance.now(). */
  #sentAt = 0;
  #wake: () => void = () => {};
  #served: Promise<void> = Promise.resolve();

  constructor(id: string, options: SerialOptions, openPort: OpenSerialPort) {
    this.id = id;
    this.#options = options;
    this.#openPort = openPort;
    this.#queue = new SendQueue(options.baud / bitsPerByte, options.patience);
  }

  open(sink: MediumSink): void {
    this.#sink = sink;
    this.#opening = true;
    this.#served = this.#serve();
  }

  /** What is said before the port is open for the first time waits for it; nothing waits for a port that is missing. */
  send(frame: Uint8Array, topic?: string): void {
    if (this.#port === undefined && !this.#opening) return;
    const dropped = this.#queue.put(frame, topic);
    if (dropped > 0 && !this.#overflowing) {
      this.#overflowing = true;
      this.#say("ENOBUFS", `frames dropped: ${this.#options.baud} baud carry less than is sent`);
    }
    this.#wake();
  }

  async close(): Promise<void> {
    this.#sink = undefined;
    const asked = performance.now();
    const hope = (): boolean => {
      const now = performance.now();
      return now - asked < lingerTime && now - Math.max(asked, this.#sentAt) < hopelessAfter;
    };
    while (this.#port !== undefined && this.#busy && hope()) await sleep(lingerInterval);
    this.#closing = true;
    await this.#port?.close().catch(() => {});
    this.#wake();
    await this.#served;
  }

  get #busy(): boolean {
    return this.#sending || this.#queue.bytes > 0;
  }

  async #serve(): Promise<void> {
    while (!this.#closing) {
      try {
        const port = await this.#openPort(this.#options.device, this.#options.baud);
        await this.#use(port);
      } catch (error) {
        this.#reportError(error);
      }
      this.#opening = false;
      this.#queue.clear();
      if (!this.#closing) await this.#pause(retryInterval);
    }
  }

  /** Until the port fails or is closed. */
  async #use(port: SerialPort): Promise<void> {
    this.#port = port;
    try {
      // Those who lose the race end by the close, each with an error of its own that says nothing new.
      if (this.#closing) return;
      await Promise.race([this.#receive(port), this.#transmit(port), this.#watchCarrier(port)]);
    } finally {
      this.#port = undefined;
      this.#wake();
      await port.close().catch(() => {});
    }
  }

  /** Rejects when the port is gone. */
  #watchCarrier(port: SerialPort): Promise<never> {
    let lost = false;
    const changed = (present: boolean): void => {
      // The first sight of the other end is no news: its frames are.
      if (present && !lost) return;
      lost = !present;
      this.#sink?.carrier(this.#options.device, present);
    };
    return new Promise((_, failed) => port.watch(changed, failed));
  }

  async #receive(port: SerialPort): Promise<void> {
    let stream: ClassicStream = emptyStream();
    let heardAt = 0;
    for (;;) {
      const taken = takePiece(stream, await port.read());
      stream = taken.stream;
      for (const frame of taken.frames) this.#sink?.frame(frame, this.#options.device);
      if (taken.frames.length > 0) {
        heardAt = stream.lost;
        this.#noisy = false;
      } else if (stream.lost - heardAt > noiseLimit && !this.#noisy) {
        this.#noisy = true;
        this.#say("EBADMSG", `what comes in is no heartbeat, or not at ${this.#options.baud} baud`);
      }
      await sleep(this.#timeOf(worthReading));
    }
  }

  async #transmit(port: SerialPort): Promise<void> {
    while (this.#port === port) {
      const frame = this.#queue.take();
      if (frame === undefined) {
        this.#overflowing = false;
        await this.#pause();
        continue;
      }
      this.#sending = true;
      try {
        for (let at = 0; at < frame.length; at += pieceLength) {
          await this.#sendPiece(port, frame.subarray(at, at + pieceLength));
        }
        this.#reported.clear();
      } finally {
        this.#sending = false;
      }
    }
  }

  /** Resolves when the piece has left the port. */
  async #sendPiece(port: SerialPort, piece: Uint8Array): Promise<void> {
    const due = this.#timeOf(piece.length);
    const stuck = setTimeout(() => {
      if (this.#isNews("ETIMEDOUT"))
        this.#say("ETIMEDOUT", "TTY write timeout (no connection or bad cable?)");
    }, due + stuckAfter);
    try {
      const began = performance.now();
      await port.write(piece);
      await sleep(Math.max(0, due - (performance.now() - began)));
      for (let left = port.unsent(); left > 0; left = port.unsent()) {
        await sleep(this.#timeOf(left) + 1);
      }
      this.#sentAt = performance.now();
    } finally {
      clearTimeout(stuck);
    }
  }

  /** ms that the line takes for so many bytes. */
  #timeOf(bytes: number): number {
    return (bytes * bitsPerByte * 1000) / this.#options.baud;
  }

  /** Until something happens that somebody may wait for, or `ms` are over. */
  #pause(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #reportError(error: unknown): void {
    if (!this.#closing && this.#isNews(codeOf(error))) this.#sink?.error(words(error));
  }

  /** Each kind of error is said once until a frame got out. */
  #isNews(code: string): boolean {
    if (this.#reported.has(code)) return false;
    this.#reported.add(code);
    return true;
  }

  #say(code: string, text: string): void {
    this.#sink?.error(`serial: ${this.#options.device}: ${code}: ${text}`);
  }
}
