// The outside world of one node as plain memory: what the runtime asked for is a list, what happens is a call. The contract
// tests hold these fakes and the real adapters to the same table.

import type { WantedAddress } from "../../firmware/core/action.ts";
import type { Address } from "../../firmware/core/config/cluster.ts";
import type { Decision } from "../../firmware/core/decision.ts";
import type { ObservedAddress, ObservedRoute } from "../../firmware/core/event.ts";
import type { Position } from "../../firmware/core/heartbeat/inbox.ts";
import type { CheckSpec, Program, ProgramOutcome } from "../../firmware/core/program.ts";
import type { Checks } from "../../firmware/ports/checks.ts";
import type { Clock } from "../../firmware/ports/clock.ts";
import type { Journal } from "../../firmware/ports/journal.ts";
import type { Medium, MediumSink } from "../../firmware/ports/medium.ts";
import type { Addresses, Arp, Link, NetworkSink, Outcome } from "../../firmware/ports/network.ts";
import type { Pinger, PingerSink } from "../../firmware/ports/pinger.ts";
import type { Programs } from "../../firmware/ports/programs.ts";
import type { Reset } from "../../firmware/ports/reset.ts";
import type { Memory } from "../../firmware/ports/store.ts";
import type { Watchdog } from "../../firmware/ports/watchdog.ts";

const epoch = 1_800_000_000;

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 1000;
  #at: number | undefined;
  #wake: () => void = () => {};

  now() {
    return { monotonic: this.#now, wall: epoch + Math.floor(this.#now / 1000) };
  }

  wakeAt(at: number | undefined, wake: () => void): void {
    this.#at = at;
    this.#wake = wake;
  }

  get armedAt(): number | undefined {
    return this.#at;
  }

  /** Goes on to the next wake-up and rings; throws when none is armed. */
  ring(): void {
    if (this.#at === undefined) throw new Error("no wake-up is armed");
    this.#now = Math.max(this.#now, this.#at);
    this.#at = undefined;
    this.#wake();
  }
}

export class FakeMedium implements Medium {
  readonly id: string;
  readonly sent: Uint8Array[] = [];
  sink: MediumSink | undefined;

  constructor(id: string) {
    this.id = id;
  }

  open(sink: MediumSink): void {
    this.sink = sink;
  }

  send(frame: Uint8Array): void {
    this.sent.push(frame);
  }

  async close(): Promise<void> {
    this.sink = undefined;
  }
}

/** Ping nodes that answer what the test lets them answer. */
export class FakePinger implements Pinger {
  /** What was asked and not yet answered. */
  readonly asked: { readonly target: Address; readonly payload: Uint8Array }[] = [];
  sink: PingerSink | undefined;

  open(sink: PingerSink): void {
    this.sink = sink;
  }

  ping(target: Address, payload: Uint8Array): void {
    this.asked.push({ target, payload });
  }

  /** Everybody answers what he was asked. */
  answer(): void {
    for (const { target, payload } of this.asked.splice(0)) this.sink?.reply(target, payload);
  }

  close(): void {
    this.sink = undefined;
  }
}

/** One interface, eth0, that has what was added to it. */
export class FakeAddresses implements Addresses {
  present: ObservedAddress[] = [];
  /** What the kernel answers to every change while it is set. */
  refusal: string | undefined;
  sink: NetworkSink | undefined;

  addresses(): readonly ObservedAddress[] {
    return [...this.present];
  }

  routes(): readonly ObservedRoute[] {
    return [{ destination: "10.0.0.0", prefixLength: 24, interface: "eth0", metric: 0 }];
  }

  links(): readonly Link[] {
    return [{ name: "eth0", mac: "52:54:00:00:00:01", up: true, carrier: true }];
  }

  add({ interface: name, address, prefixLength, label }: WantedAddress): Outcome {
    return this.#change([
      ...this.present.filter((each) => each.address !== address),
      { interface: name, address, prefixLength, label },
    ]);
  }

  remove({ address }: ObservedAddress): Outcome {
    return this.#change(this.present.filter((each) => each.address !== address));
  }

  watch(sink: NetworkSink): void {
    this.sink = sink;
  }

  close(): void {
    this.sink = undefined;
  }

  #change(present: ObservedAddress[]): Outcome {
    if (this.refusal !== undefined) return { ok: false, error: this.refusal };
    this.present = present;
    return { ok: true };
  }
}

export class FakeArp implements Arp {
  readonly announced: string[] = [];
  readonly watched = new Map<string, (address: Address, mac: string) => void>();

  announce(interfaceName: string, address: Address, form: "request" | "reply"): Outcome {
    this.announced.push(`${interfaceName} ${address} ${form}`);
    return { ok: true };
  }

  watch(
    interfaceName: string,
    addresses: () => readonly Address[],
    rival: (address: Address, mac: string) => void,
  ): Outcome {
    this.watched.set(interfaceName, (address, mac) => {
      if (addresses().includes(address)) rival(address, mac);
    });
    return { ok: true };
  }

  close(): void {}
}

export class FakeWatchdog implements Watchdog {
  readonly identity = "fake";
  readonly timeout = 3;
  pets = 0;
  disarmed = false;

  pet(): void {
    this.pets += 1;
  }

  disarm(): void {
    this.disarmed = true;
  }
}

export class FakeReset implements Reset {
  resets = 0;
  failed: (error: string) => void = () => {};

  reset(failed: (error: string) => void): void {
    this.resets += 1;
    this.failed = failed;
  }
}

export class FakePrograms implements Programs {
  readonly running = new Map<string, Program>();
  readonly killed: string[] = [];
  readonly #ended = new Map<string, (outcome: ProgramOutcome, output: string) => void>();

  run(id: string, program: Program, ended: (outcome: ProgramOutcome, output: string) => void): void {
    this.running.set(id, program);
    this.#ended.set(id, ended);
  }

  kill(id: string): void {
    this.killed.push(id);
  }

  /** The program `id` ends like this. */
  end(id: string, outcome: ProgramOutcome, output = ""): void {
    const ended = this.#ended.get(id);
    if (ended === undefined) throw new Error(`no program ${id} runs`);
    this.running.delete(id);
    this.#ended.delete(id);
    ended(outcome, output);
  }

  async close(): Promise<void> {
    for (const id of this.running.keys()) this.#ended.set(id, () => {});
    this.running.clear();
  }
}

/** Keeps positions as the real one does, without a disk. */
export class FakeMemory implements Memory {
  readonly positions = new Map<string, Position>();

  remember(node: string, position: Position): void {
    this.positions.set(node, position);
  }

  forget(node: string): void {
    this.positions.delete(node);
  }
}

export class FakeJournal implements Journal {
  readonly kept: Decision[] = [];

  record(decision: Decision): void {
    this.kept.push(decision);
  }

  last(count: number): readonly Decision[] {
    return count <= 0 ? [] : this.kept.slice(-count);
  }

  async close(): Promise<void> {}
}

export class FakeChecks implements Checks {
  wanted: readonly CheckSpec[] = [];
  #checked: (id: string, ok: boolean, detail: string) => void = () => {};

  want(checks: readonly CheckSpec[]): void {
    this.wanted = checks;
  }

  watch(checked: (id: string, ok: boolean, detail: string) => void): void {
    this.#checked = checked;
  }

  /** An attempt of the check `id` ends like this; of one that is not wanted nobody hears. */
  verdict(id: string, ok: boolean, detail = ""): void {
    if (this.wanted.some((check) => check.id === id)) this.#checked(id, ok, detail);
  }

  async close(): Promise<void> {
    this.wanted = [];
  }
}
