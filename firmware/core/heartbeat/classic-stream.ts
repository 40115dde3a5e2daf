// Finds heartbeat's classic frames in what a serial line delivers: any cut of the bytes, noise between frames, frames
// that lost their beginning or their end. No field line is ">>>" or "<<<" alone (every one has "="), so these two lines are
// where reading begins again. What is found is only a candidate: the signature says whether it is a frame (frame.ts).

/** heartbeat without its CRM sends nothing longer: the names of 100 nodes, each below 100 bytes, twice. */
export const LONGEST_CLASSIC = 32 * 1024;

/** The state between two pieces; create it with `emptyStream`. */
export interface ClassicStream {
  /** What is kept: a frame that has begun, or the last bytes of noise, which may be the beginning of a start mark. */
  readonly kept: Uint8Array;
  /** The offset in `kept` of the first byte of the unfinished line. */
  readonly line: number;
  readonly begun: boolean;
  /** Offset in `kept` of a start mark that does not begin its line: the end of a torn line, or of a field that ends so. */
  readonly inner?: number;
  /** Bytes that belong to no frame that was found, since the beginning. */
  readonly lost: number;
}

export interface Taken {
  readonly stream: ClassicStream;
  /** Whole frames from start to end mark, in the order of their ends. */
  readonly frames: readonly Uint8Array[];
}

const LINE_FEED = 0x0a;
const GREATER = 0x3e;
const LESS = 0x3c;
/** ">>>" or "<<<" with its line feed. */
const MARK = 4;

export function emptyStream(): ClassicStream {
  return { kept: new Uint8Array(0), line: 0, begun: false, lost: 0 };
}

/** Takes the next piece, of any length. */
export function takePiece(stream: ClassicStream, piece: Uint8Array): Taken {
  const bytes = new Uint8Array(stream.kept.length + piece.length);
  bytes.set(stream.kept);
  bytes.set(piece, stream.kept.length);
  const reading = new Reading(bytes, stream);
  let from = stream.kept.length;
  for (let end = bytes.indexOf(LINE_FEED, from); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
    reading.takeLine(end + 1);
    from = end + 1;
  }
  return reading.result();
}

/** One call of takePiece under way. */
class Reading {
  readonly #bytes: Uint8Array;
  readonly #frames: Uint8Array[] = [];
  /** Where the frame that has begun starts; before it nothing is needed any more. */
  #start = 0;
  #line: number;
  #begun: boolean;
  #inner: number | undefined;
  #lost: number;

  constructor(bytes: Uint8Array, { line, begun, inner, lost }: ClassicStream) {
    this.#bytes = bytes;
    this.#line = line;
    this.#begun = begun;
    this.#inner = inner;
    this.#lost = lost;
  }

  /** The line that ends before the offset `end`, its line feed included. */
  takeLine(end: number): void {
    this.#giveUpEndless(end, MARK);
    const alone = end - this.#line === MARK;
    if (this.#marked(end, GREATER)) {
      if (this.#begun && !alone) this.#inner = end - MARK;
      else this.#restart(end - MARK, true);
    } else if (this.#begun && alone && this.#marked(end, LESS)) {
      this.#finish(end);
    }
    this.#line = end;
  }

  result(): Taken {
    const { length } = this.#bytes;
    this.#giveUpEndless(length, MARK - 1);
    if (!this.#begun) this.#restart(Math.max(this.#start, length - (MARK - 1)), false);
    const stream = {
      kept: this.#bytes.slice(this.#start),
      line: Math.max(0, this.#line - this.#start),
      begun: this.#begun,
      lost: this.#lost,
      ...(this.#inner !== undefined && { inner: this.#inner - this.#start }),
    };
    return { stream, frames: this.#frames };
  }

  /** A torn frame may have run into a whole one, or a whole one has a field that ends in ">>>": one of the two was sent. */
  #finish(end: number): void {
    this.#frames.push(this.#bytes.slice(this.#start, end));
    if (this.#inner !== undefined) this.#frames.push(this.#bytes.slice(this.#inner, end));
    this.#start = end;
    this.#begun = false;
    this.#inner = undefined;
  }

  /** Gives up what has grown too long by the offset `end`; of noise the last `keep` bytes stay. */
  #giveUpEndless(end: number, keep: number): void {
    const tooLong = (): boolean => this.#begun && end - this.#start > LONGEST_CLASSIC;
    if (tooLong() && this.#inner !== undefined) this.#restart(this.#inner, true);
    if (tooLong()) this.#restart(end - keep, false);
  }

  /** Gives up what lies before `at`. */
  #restart(at: number, begun: boolean): void {
    this.#lost += at - this.#start;
    this.#start = at;
    this.#begun = begun;
    this.#inner = undefined;
  }

  #marked(end: number, character: number): boolean {
    const [a, b, c] = this.#bytes.subarray(Math.max(this.#start, end - MARK), end - 1);
    return a === character && b === character && c === character;
  }
}
