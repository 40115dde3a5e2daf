// The simulated time line: a binary heap of what is still to happen. Equal times keep the order of scheduling, so that
// a run depends on nothing but its seed.

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class Schedule {
  /** True time, milliseconds since the run began. */
  now = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  after(delay: number, run: () => void): void {
    this.at(this.now + Math.max(0, delay), run);
  }

  at(at: number, run: () => void): void {
    this.#push({ at: Math.max(at, this.now), order: this.#order++, run });
  }

  /** Lets everything happen that is due until `end`, and stands at `end` afterwards. */
  runUntil(end: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child++;
      const smallest = heap[child];
      if (smallest === undefined || !isBefore(smallest, last)) break;
      heap[at] = smallest;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
