// A bench for one node of ours: an obedient kernel under it, and a peer that says what the test tells it to say. The peer
// speaks as a real heartbeat 3.0.6 does: its wire format, its order of messages, no field of ours.

import type { Action, Severity } from "../../firmware/core/action.ts";
import type { AuthConfig, ClusterConfig } from "../../firmware/core/config/cluster.ts";
import type { Event, ObservedAddress } from "../../firmware/core/event.ts";
import { createAuthenticator } from "../../firmware/core/heartbeat/auth.ts";
import type { MessageBody } from "../../firmware/core/heartbeat/body.ts";
import { classify } from "../../firmware/core/heartbeat/classify.ts";
import { compose } from "../../firmware/core/heartbeat/compose.ts";
import { decodeFrame, encodeNetstring } from "../../firmware/core/heartbeat/frame.ts";
import type { Position } from "../../firmware/core/heartbeat/inbox.ts";
import { type Field, withTrailer } from "../../firmware/core/heartbeat/message.ts";
import { VIEW_FIELD } from "../../firmware/core/heartbeat/view.ts";
import {
  createNode,
  managedAddresses,
  type NodeState,
  nextWake,
  wantedAddresses,
} from "../../firmware/core/node.ts";
import { plan } from "../../firmware/core/plan.ts";
import { step } from "../../firmware/core/step.ts";
import { nodeSetup, ROUTES } from "./cluster-config.ts";

/** An event without its stamp. */
export type BareEvent = Event extends infer E ? (E extends Event ? Omit<E, "now" | "draw"> : never) : never;

/** One node of ours with an obedient kernel, and a peer that is played by hand. */
export class Bench {
  state: NodeState;
  addresses: readonly ObservedAddress[] = [];
  /** Everything that was done since it was last looked at. */
  #actions: Action[] = [];
  now = 1000;
  /** While true the kernel adds nothing. */
  refuses = false;
  /** While false nothing comes of a plan and nothing is observed. */
  obeys = true;
  #skipped = 0;
  #sequence = 0;
  #last: Uint8Array = new Uint8Array();
  generation = 1;
  readonly #config: ClusterConfig;
  #auth;
  readonly #peer: string;

  constructor(
    config: ClusterConfig,
    self: string,
    leftovers: readonly ObservedAddress[] = [],
    positions: ReadonlyMap<string, Position> = new Map(),
  ) {
    this.#config = config;
    this.#auth = createAuthenticator(config.heartbeat.auth);
    this.#peer = config.nodes.find(({ name }) => name !== self)?.name ?? "";
    this.addresses = leftovers;
    this.state = createNode(config, { ...nodeSetup(self, 1), positions });
  }

  start(): this {
    this.event({ type: "start" });
    return this.observe();
  }

  event(event: BareEvent): this {
    const { state, actions } = step(this.state, {
      ...event,
      now: { monotonic: this.now, wall: 1_700_000_000 },
      draw: 4,
    } as Event);
    this.state = state;
    this.#actions.push(...actions);
    if (this.obeys && actions.some(({ type }) => type === "reconcile")) this.#reconcile();
    return this;
  }

  observe(): this {
    return this.event({ type: "observed", addresses: this.addresses, routes: ROUTES });
  }

  #reconcile(): void {
    for (const { type, address } of plan(
      wantedAddresses(this.state),
      this.addresses,
      managedAddresses(this.#config),
    )) {
      if (type === "add" && this.refuses) continue;
      if (type === "add") this.addresses = [...this.addresses, address];
      else this.addresses = this.addresses.filter((each) => each.address !== address.address);
    }
    this.observe();
  }

  /** The peer, a pulsebox, sends a status with this view. */
  hearFromOurs(view: string): this {
    const status: MessageBody = { type: "status", status: "active", deadtime: 1000, protocol: 1 };
    return this.hear(status, "bcast eth1", [{ name: VIEW_FIELD, value: view }]);
  }

  /** Leaves out a number of the peer: a message that is lost for now. */
  skip(): this {
    this.#skipped = ++this.#sequence;
    return this;
  }

  /** The peer's next message has that number. */
  skipTo(sequence: number): this {
    this.#sequence = sequence - 1;
    return this;
  }

  /** From now on the peer signs with these keys. */
  signWith(auth: AuthConfig): this {
    this.#auth = createAuthenticator(auth);
    return this;
  }

  /** The lost message arrives after all. */
  hearLate(body: MessageBody): this {
    const newest = this.#sequence;
    this.#sequence = this.#skipped - 1;
    this.hear(body);
    this.#sequence = newest;
    return this;
  }

  /** The peer says something. */
  hear(body: MessageBody, medium = "bcast eth1", extra: readonly Field[] = []): this {
    const trailer = {
      src: this.#peer,
      seq: ++this.#sequence,
      hg: this.generation,
      ts: 1_700_000_000,
      ttl: 3,
    };
    const message = withTrailer({ fields: [...compose(body).fields, ...extra] }, trailer);
    this.#last = encodeNetstring(message, this.#auth, { innerAuth: true });
    return this.copy(medium);
  }

  /** The peer's last frame comes over that medium too, with the byte at `spoilt` changed when that is given. */
  copy(medium = "bcast eth0", spoilt?: number): this {
    const bytes = Uint8Array.from(this.#last, (byte, at) => (at === spoilt ? byte ^ 1 : byte));
    return this.event({ type: "frame", medium, source: "10.0.0.2", bytes });
  }

  /** Bytes of the peer's last frame. */
  get lastLength(): number {
    return this.#last.length;
  }

  status(status: "init" | "up" | "active"): this {
    return this.hear({ type: "status", status, deadtime: 1000, protocol: 1 });
  }

  /** The peer starts anew. */
  restart(): this {
    this.generation++;
    this.#sequence = 0;
    return this;
  }

  /** Time passes in silence, tick by tick. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (let at = nextWake(this.state); at !== undefined && at <= end; at = nextWake(this.state)) {
      this.now = Math.max(this.now, at);
      this.event({ type: "tick" });
    }
    this.now = end;
    return this;
  }

  /** Time passes while the peer keeps sending its status. */
  passInTouch(ms: number): this {
    for (let passed = 0; passed < ms; passed += 100) this.pass(100).status("active");
    return this;
  }

  /** Takes what was done since the last call. */
  take(): readonly Action[] {
    const taken = this.#actions;
    this.#actions = [];
    return taken;
  }

  /** The messages sent since the last look, without keepalives and acks, in words. */
  said(): readonly string[] {
    return this.take().flatMap((action) => (action.type === "send" ? this.#words(action.bytes) : []));
  }

  /** The same with the log lines between them, and the echo requests to ping nodes. */
  saidAndAsked(): { said: readonly string[]; pings: readonly { target: string; bytes: Uint8Array }[] } {
    const taken = this.take();
    const said = taken.flatMap((action) => {
      if (action.type === "log") return [action.text];
      return action.type === "send" ? this.#words(action.bytes) : [];
    });
    return { said, pings: taken.filter((action) => action.type === "ping") };
  }

  #words(bytes: Uint8Array): readonly string[] {
    const decoded = decodeFrame(bytes, this.#auth);
    if (!decoded.ok) throw new Error(decoded.detail);
    const {
      trailer: _,
      destuuid: __,
      ...body
    } = classify(decoded.message) as Readonly<Record<string, unknown>>;
    if (body.type === "status" || body.type === "NS_ackmsg") return [];
    return [Object.values(body).join(" ")];
  }

  /** The log since the last look, of `severity` or all. */
  logged(severity?: Severity): readonly string[] {
    return this.take().flatMap((action) =>
      action.type === "log" && (severity === undefined || action.severity === severity) ? [action.text] : [],
    );
  }

  held(): readonly string[] {
    return managedAddresses(this.#config).filter((address) =>
      this.addresses.some((each) => each.address === address),
    );
  }
}
