// The one queue of a node: whatever happens becomes an event, events are decided one after the other by the pure core, and what
// it asks for is done before the next event. Nothing here decides, and nothing here waits.
// An exception means a defect: the node stops at once, says what it was doing and leaves the watchdog unpetted, because a
// node that goes on with a state it cannot trust may own what another one owns.

import type { Event, OperatorRequest } from "../core/event.ts";
import type { Instant } from "../core/time.ts";
import type { OperatorAnswer } from "../ports/operator.ts";
import { type Effects, effectTable } from "./effects.ts";
import type { NodeLogic } from "./node-logic.ts";
import type { NodePorts } from "./node-ports.ts";

/** Events decided without a pause before the runtime calls it an endless loop. */
const longestBurst = 10_000;

/** An event before it is stamped. */
export type Happening = Event extends infer E ? (E extends Event ? Omit<E, "now" | "draw"> : never) : never;

export interface NodeEnd {
  /** The orderly end is complete. */
  stopped(): void;
  /** A defect; `report` has several lines for the log. Nothing happens in the runtime after this. */
  crashed(report: string): void;
}

export class Runtime<State> {
  readonly #logic: NodeLogic<State>;
  readonly #ports: NodePorts;
  readonly #end: NodeEnd;
  readonly #effects: Effects;
  readonly #queue: Event[] = [];
  readonly #operators = new Map<number, (answer: OperatorAnswer) => void>();
  #state: State;
  #requests = 0;
  #deciding = false;
  #ended = false;
  #fenced = false;
  #fed: number | undefined;

  constructor(logic: NodeLogic<State>, ports: NodePorts, end: NodeEnd) {
    this.#logic = logic;
    this.#state = logic.initial;
    this.#ports = ports;
    this.#end = end;
    this.#effects = effectTable({
      ports,
      operators: this.#operators,
      post: (happening) => this.#post(happening),
      changes: (observed) => logic.plan(logic.wantedAddresses(this.#state), observed, logic.managed),
      wanted: () => logic.wantedAddresses(this.#state),
      stopped: () => this.#stopped(),
      fenced: () => {
        this.#fenced = true;
      },
    });
  }

  /** Opens the media and the watches; what they say at once is decided after `start`, and what `start` sends finds them open. */
  start(): void {
    this.#deciding = true;
    this.#post({ type: "start" });
    const carrier = (link: string, up: boolean): void => this.#post({ type: "carrier", interface: link, up });
    for (const medium of this.#ports.media) {
      medium.open({
        frame: (bytes, source) => this.#post({ type: "frame", medium: medium.id, source, bytes }),
        error: (error) => this.#post({ type: "medium-error", medium: medium.id, error }),
        carrier,
      });
    }
    this.#ports.addresses.watch({
      changed: () => this.#postObserved(),
      carrier,
    });
    this.#ports.pinger?.open({
      reply: (source, bytes) => this.#post({ type: "echo", source, bytes }),
      error: (target, error) => this.#post({ type: "medium-error", medium: `ping ${target}`, error }),
    });
    this.#ports.checks?.watch((id, ok, detail) => this.#post({ type: "checked", id, ok, detail }));
    this.#postObserved();
    this.#decide();
  }

  /** Asks for the orderly end; `stopped` is called when it is complete. */
  stop(): void {
    this.#post({ type: "stop" });
  }

  /** For the operator's door: `answer` is called once, when the node has carried the request out or refused it. */
  request(request: OperatorRequest, answer: (answer: OperatorAnswer) => void): void {
    this.#requests += 1;
    this.#operators.set(this.#requests, answer);
    this.#post({ type: "operator", request, id: this.#requests });
  }

  /** An exception that came from outside the queue: the same end as a defect in it. */
  fail(cause: unknown): void {
    this.#crash(undefined, cause);
  }

  #postObserved(): void {
    if (this.#ended) return;
    const { addresses } = this.#ports;
    this.#post({ type: "observed", addresses: addresses.addresses(), routes: addresses.routes() });
  }

  /** Stamped when it comes in, so that a frame keeps the time it was heard at. */
  #post(happening: Happening): void {
    if (this.#ended) return;
    const { clock, random } = this.#ports;
    this.#queue.push({ ...happening, now: clock.now(), draw: random.draw() });
    if (!this.#deciding) this.#decide();
  }

  #decide(): void {
    this.#deciding = true;
    let event: Event | undefined;
    try {
      let decided = 0;
      for (event = this.#queue.shift(); event !== undefined && !this.#ended; event = this.#queue.shift()) {
        decided += 1;
        if (decided > longestBurst) throw new Error(`${longestBurst} events without a pause`);
        this.#decideOne(event);
      }
    } catch (cause) {
      this.#crash(event, cause);
      return;
    } finally {
      this.#deciding = false;
    }
    if (!this.#ended) this.#armWake();
  }

  #decideOne(event: Event): void {
    const { state, actions } = this.#logic.step(this.#state, event);
    this.#state = state;
    for (const action of actions) this.#effects(action);
    if (event.type === "tick" && !this.#fenced) this.#feed(event.now);
  }

  /**
   * The only place that pets, and never again once the node has asked for its machine's reset: a tick went through the queue and
   * everything it asked for was done.
   */
  #feed(now: Instant): void {
    this.#ports.watchdog?.pet();
    this.#fed = now.monotonic;
  }

  #armWake(): void {
    const { watchdog, clock } = this.#ports;
    if (this.#fenced) {
      clock.wakeAt(undefined, () => {});
      return;
    }
    const next = this.#logic.nextWake(this.#state);
    const hungry = watchdog === undefined ? undefined : (this.#fed ?? 0) + (watchdog.timeout * 1000) / 3;
    const at = next === undefined ? hungry : Math.min(next, hungry ?? next);
    clock.wakeAt(at, () => this.#post({ type: "tick" }));
  }

  #stopped(): void {
    this.#ended = true;
    this.#ports.clock.wakeAt(undefined, () => {});
    this.#end.stopped();
  }

  #crash(event: Event | undefined, cause: unknown): void {
    this.#ended = true;
    this.#ports.clock.wakeAt(undefined, () => {});
    this.#end.crashed(
      [
        `Defect while ${describe(event)}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
        `State: ${this.#describeState()}`,
      ].join("\n"),
    );
  }

  #describeState(): string {
    try {
      return JSON.stringify(this.#logic.takeSnapshot(this.#state, this.#ports.clock.now()));
    } catch (cause) {
      return `unreadable: ${String(cause)}`;
    }
  }
}

/** What the node was at; frames by their length, because their bytes belong in no log. */
function describe(event: Event | undefined): string {
  if (event === undefined) return "waiting";
  const shown = "bytes" in event ? { ...event, bytes: `${event.bytes.length} bytes` } : event;
  return `deciding ${JSON.stringify(shown)}`;
}
