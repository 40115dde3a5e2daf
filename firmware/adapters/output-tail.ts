// The end of what a program printed, for the log: a program may print without limit, and its last words tell why it ended.

export class OutputTail {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);

  /** Keeps the last `limit` bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-this.#limit);
  }

  /** Without blank space around it. */
  get text(): string {
    return this.#bytes.toString().trim();
  }
}
