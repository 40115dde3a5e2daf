// When which check is tried: each by itself at its interval, one attempt at a time, spread so that checks which began together
// do not stay together, and never more connections at once than a process may have descriptors for.

import type { CheckSpec } from "../core/program.ts";
import { type Attempt, probe } from "./probe.ts";

/** Attempts under way at once; further ones wait for their turn. */
const mostAttempts = 256;
/** The first attempt comes within this many ms, so that a verdict is there soon. */
const firstWithin = 500;
/** Each pause is its interval, give or take this part of it. */
const jitter = 0.05;

type Told = (id: string, ok: boolean, detail: string) => void;

export class ProbeSchedule {
  readonly #told: Told;
  readonly #checks = new Map<string, Scheduled>();
  readonly #waiting: Scheduled[] = [];
  #attempts = 0;

  constructor(told: Told) {
    this.#told = told;
  }

  /** Replaces the list: what was there and is the same goes on undisturbed. */
  want(specs: readonly CheckSpec[]): void {
    const wanted = new Map(specs.map((spec) => [spec.id, spec]));
    for (const [id, scheduled] of this.#checks) {
      if (isSame(scheduled.spec, wanted.get(id))) continue;
      this.#drop(scheduled);
      this.#checks.delete(id);
    }
    for (const spec of wanted.values()) {
      if (this.#checks.has(spec.id)) continue;
      const scheduled: Scheduled = { spec };
      this.#checks.set(spec.id, scheduled);
      this.#startAfter(scheduled, Math.random() * Math.min(spec.interval, firstWithin));
    }
  }

  #startAfter(scheduled: Scheduled, pause: number): void {
    scheduled.timer = setTimeout(() => {
      if (this.#attempts < mostAttempts) this.#attempt(scheduled);
      else this.#waiting.push(scheduled);
    }, pause);
  }

  #attempt(scheduled: Scheduled): void {
    const { spec } = scheduled;
    const started = performance.now();
    this.#attempts += 1;
    scheduled.attempt = probe(spec, (ok, detail) => {
      this.#ended(scheduled);
      this.#told(spec.id, ok, detail);
      const next = spec.interval * (1 + (Math.random() * 2 - 1) * jitter);
      this.#startAfter(scheduled, Math.max(0, started + next - performance.now()));
    });
  }

  #ended(scheduled: Scheduled): void {
    delete scheduled.attempt;
    this.#attempts -= 1;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#attempt(next);
  }

  #drop(scheduled: Scheduled): void {
    clearTimeout(scheduled.timer);
    const place = this.#waiting.indexOf(scheduled);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (scheduled.attempt === undefined) return;
    scheduled.attempt.cancel();
    this.#ended(scheduled);
  }
}

interface Scheduled {
  readonly spec: CheckSpec;
  timer?: NodeJS.Timeout;
  attempt?: Attempt;
}

function isSame(one: CheckSpec, other: CheckSpec | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
