// The invariants of a cluster, asserted all along a simulated run against the ground truth: the kernels' addresses, the frames
// that really arrived, what a client's ARP cache holds. Bounds are stated here; a broken one ends the run.
//
//   single owner    no service address on two kernels for longer than SETTLE while all nodes run and hear each other
//   gap             no service address on no kernel for longer than GAP while all nodes are active and hear each other
//   owner           every service address on exactly one kernel when nothing has happened for `calm` ms
//   hasty           no node calls a peer dead that it heard within its deadtime (less one keepalive)
//   takeover        every service address on a survivor within deadtime + 50 ms (and what was still on its way, among
//                   several survivors three times) of a power cut, when nothing else befell the survivors
//   no cause        no kernel address comes or goes when nothing has happened for `calm` ms
//   reachable       when nothing has happened for `calm` ms, a client's ARP cache names the owner
//   release first   no node adds an address that another's kernel still has, unless that one's death entitles it to
//   order           removals before additions; groups acquired in order, released in reverse
//   only active     only an active node's process adds a service address
//   delivered       no message that a living node has sent is missing for longer than DELIVERY while the nodes hear each other
//   stopped         nothing is done after `stopped`
//   answered        every operator request is answered once, within `calm` ms
//   chatter         no node sends more than CHATTER messages for each node of the cluster in a second on any medium
//   progress        a tick leaves no deadline behind that has passed

import type { Action } from "../../../firmware/core/action.ts";
import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import type { Event } from "../../../firmware/core/event.ts";
import { type GroupState, isProgram } from "../../../firmware/core/resource/group-state.ts";
import type { Box, BoxObserver } from "./box.ts";
import type { Logic, NodeState } from "./logic.ts";
import type { Call } from "./programs.ts";
import { ServiceRules } from "./service-rules.ts";

/** What a takeover may take beyond the deadtime, ms. */
const TAKEOVER = 50;

/** Above what a wide gap makes a node say again and send on, far below two nodes answering each other's answers. */
const CHATTER = 250;

/** A lost message is asked for after a quarter of a second, and then every quarter, ms. */
const DELIVERY = 10_000;

export class BrokenInvariant extends Error {}

export class Watch implements BoxObserver {
  readonly boxes: Box[] = [];
  readonly vips: readonly string[];
  /** Moves of addresses that were seen; a run in which nothing moves shows nothing. */
  moves = 0;
  /** The longest time an address was on two kernels while it should not be. */
  longestDouble = 0;
  readonly calm: number;
  readonly settle: number;
  readonly gap: number;
  longestGap = 0;
  /** Those for which no program has to run first. */
  readonly #firstVips: readonly string[];
  readonly #services: ServiceRules;
  readonly #config: ClusterConfig;
  readonly #logic: Logic;
  readonly #now: () => number;
  #cause = 0;
  #disturbed = 0;
  #unsteady = 0;
  #unheard = 0;
  #moving = 0;
  readonly #heard = new Map<string, number>();
  readonly #doubleSince = new Map<string, number>();
  readonly #noneSince = new Map<string, number>();
  readonly #arp = new Map<string, string>();
  readonly #open = new Map<string, number>();
  #kernels = "";
  readonly #sent = new Map<string, { readonly second: number; readonly count: number }>();

  constructor(config: ClusterConfig, logic: Logic, now: () => number) {
    this.#config = config;
    this.#logic = logic;
    this.#now = now;
    this.vips = logic.managedAddresses(config);
    this.#firstVips = config.resources.flatMap(({ resources }) => {
      const programs = resources.findIndex(isProgram);
      const first = programs < 0 ? resources : resources.slice(0, programs);
      return first.flatMap((resource) => (resource.kind === "address" ? [resource.address] : []));
    });
    this.#services = new ServiceRules(config);
    const { keepalive, deadtime, initdead } = config.heartbeat;
    // A status must get through and be acted upon; one lost status is followed by the next.
    this.settle = keepalive + 200;
    // A hand-over takes some messages, each of which may have to be sent again.
    this.gap = (config.nodes.length > 2 ? 4 : 2) * keepalive + 400;
    // A death, an initdead, an unanswered question (10 s) and a refused address tried again.
    this.calm = deadtime * 3 + initdead + 16_000;
  }

  /** Something happened after which roles may change. */
  cause(): void {
    this.#cause = this.#now();
  }

  /** The nodes cannot know of each other, or one cannot do what it should. */
  #disturb(): void {
    this.cause();
    this.#disturbed = this.#now();
  }

  arrived(from: string, to: string): void {
    this.#heard.set(`${from}>${to}`, this.#now());
  }

  /** After so many ms the survivor of a power cut must own everything. */
  survivorBound(inFlight: number, survivors: number): number {
    // Several must agree: a wish, its echo, and the news that the others have noticed the death, too.
    return this.#config.heartbeat.deadtime + TAKEOVER + (survivors > 1 ? 4 : 1) * inFlight;
  }

  /** Called when the bound of a takeover has passed without anything else having happened to the survivors. */
  mustOwnAll(survivors: readonly Box[]): void {
    const missing = this.#firstVips.filter(
      (vip) => !survivors.some(({ kernel }) => kernel.has(vip)) && !this.#isGivenUp(vip),
    );
    const names = survivors.map(({ name }) => name).join(" and ");
    if (missing.length > 0) this.#broken("takeover", `${names} lacks ${missing.join(", ")}`);
  }

  /** The nodes hear each other and have for a while. */
  get isQuiet(): boolean {
    return this.#now() - Math.max(this.#disturbed, this.#unheard) > this.#config.heartbeat.deadtime;
  }

  asked(box: Box, id: number): void {
    this.#open.set(`${box.name} ${box.starts} ${id}`, this.#now());
  }

  get isCalm(): boolean {
    return this.#now() - this.#cause > this.calm;
  }

  stepped(box: Box, event: Event, before: NodeState, after: NodeState, actions: readonly Action[]): void {
    const isOver = before.self.phase === "stopped" || before.self.phase === "fenced";
    if (isOver && actions.some(({ type }) => type !== "answer")) {
      this.#broken(
        "stopped",
        `${box.name} acts after it stopped: ${actions.map(({ type }) => type).join(", ")}`,
      );
    }
    if (event.type === "tick" && before !== after) {
      const wake = this.#logic.nextWake(after);
      if (wake !== undefined && wake <= event.now.monotonic) {
        this.#broken("progress", `${box.name} still waits for ${wake} at ${event.now.monotonic}`);
      }
    }
    for (const [name, { status, departed }] of after.peers) {
      const died = status === "dead" && before.peers.get(name)?.status !== "dead";
      if (died && !departed) this.#checkDeath(box, name);
    }
    for (const action of actions) {
      if (action.type === "announce") this.#arp.set(action.address, box.name);
      if (action.type === "send") for (const medium of action.media) this.#countSent(box, medium);
      if (action.type === "answer") this.#answered(box, action.id);
    }
  }

  /** A box is about to run a program for a resource. */
  called(box: Box, word: string, call: Call): void {
    const quiet = this.#now() - Math.max(this.#disturbed, this.#unheard) > this.settle;
    const others = this.boxes.filter((each) => each !== box);
    const broken = this.#services.broken(box, quiet ? others : [], word, call);
    if (broken !== undefined) this.#broken(broken.rule, broken.detail);
  }

  planned(box: Box, changes: ReturnType<Logic["plan"]>): void {
    const kinds = changes.map(({ type }) => type);
    if (kinds.lastIndexOf("remove") > kinds.indexOf("add") && kinds.includes("add")) {
      this.#broken("order", `${box.name} adds before it removes`);
    }
    const order = (type: string): number[] =>
      changes
        .filter((change) => change.type === type)
        .map(({ address }) => this.vips.indexOf(address.address));
    if (!isSorted(order("add")) || !isSorted(order("remove").reverse())) {
      this.#broken(
        "order",
        `${box.name}: ${changes.map(({ type, address }) => `${type} ${address.address}`).join(", ")}`,
      );
    }
    for (const { type, address } of changes) if (type === "add") this.#checkFree(box, address.address);
    const status = box.state?.self.status;
    if (kinds.includes("add") && status !== "active")
      this.#broken("only active", `${box.name} acquires while it is ${status}`);
  }

  kernelChanged(_box: Box): void {
    const kernels = this.boxes
      .map((each) => `${each.name}: ${this.vips.filter((vip) => each.kernel.has(vip)).join(" ")}`)
      .join("; ");
    if (kernels === this.#kernels) return;
    this.moves++;
    if (this.isCalm) this.#broken("no cause", `from "${this.#kernels}" to "${kernels}"`);
    this.#kernels = kernels;
    this.check();
  }

  /** To be called often; looks at everything that must be true now. */
  check(): void {
    const now = this.#now();
    this.#noticeDisturbance(now);
    for (const vip of this.vips) this.#checkAddress(vip, now);
    if (now - Math.max(this.#disturbed, this.#unheard) > DELIVERY) this.#checkDelivery();
    const lost = this.isCalm ? this.#services.lost(this.boxes) : undefined;
    if (lost !== undefined) this.#broken("service", lost);
    for (const [request, since] of this.#open) {
      const [name, starts] = request.split(" ");
      const box = this.boxes.find((each) => each.name === name);
      // A process that died or was stopped cannot answer.
      if (box === undefined || String(box.starts) !== starts || !box.running || box.ended)
        this.#open.delete(request);
      else if (box.paused) this.#open.set(request, now);
      else if (now - since > this.calm) this.#broken("answered", `request ${request} is not answered`);
    }
  }

  #checkFree(box: Box, vip: string): void {
    const { peers, claim } = box.state ?? {};
    if (claim?.alone === true || this.#now() - this.#disturbed < this.settle) return;
    const holder = this.boxes.find((each) => each !== box && each.running && each.kernel.has(vip));
    if (holder !== undefined && peers?.get(holder.name)?.status !== "dead")
      this.#broken("release first", `${box.name} adds ${vip}, which ${holder.name} has`);
  }

  #noticeDisturbance(now: number): void {
    const running = this.boxes.filter((box) => box.running);
    const silence = this.#config.heartbeat.deadtime - 80;
    for (const box of running) {
      if (box.paused || box.kernel.refusing) this.#disturb();
      // A failed group is tried again at some time, and programs end when they like.
      if (box.state?.groups.some(isMoving)) {
        this.cause();
        this.#moving = now;
      }
    }
    // The kernel of a process that died keeps its addresses.
    if (running.length === 0 || this.boxes.some((box) => box.powered && !box.running)) this.#disturbed = now;
    for (const from of running) {
      for (const to of running) {
        if (from === to) continue;
        const heard = this.#heard.get(`${from.name}>${to.name}`) ?? 0;
        const since = Math.max(heard, from.startedAt, to.startedAt);
        if (now - since > silence) this.#disturb();
        // What was lost for some keepalives comes some keepalives later.
        if (now - since > 1.5 * this.#config.heartbeat.keepalive) this.#unheard = now;
        // Until they have met, neither can know what the other holds.
        if (heard < Math.max(from.startedAt, to.startedAt)) this.#disturbed = now;
      }
    }
  }

  #checkAddress(vip: string, now: number): void {
    const owners = this.boxes.filter((box) => box.kernel.has(vip));
    if (owners.length < 2) this.#doubleSince.delete(vip);
    else {
      const since = this.#doubleSince.get(vip) ?? now;
      this.#doubleSince.set(vip, since);
      const double = now - Math.max(since, this.#disturbed, this.#unheard, this.#moving);
      this.longestDouble = Math.max(this.longestDouble, double);
      if (double > this.settle)
        this.#broken("single owner", `${vip} is on ${owners.length} kernels for ${Math.round(double)} ms`);
    }
    this.#checkGap(vip, owners.length, now);
    if (!this.isCalm || !this.boxes.some((box) => box.running) || this.#isGivenUp(vip)) return;
    const names = owners.map(({ name }) => name).join(" and ") || "nobody";
    if (owners.length !== 1) this.#broken("owner", `${vip} is on ${names}`);
    if (this.#arp.get(vip) !== names) {
      this.#broken("reachable", `${vip} is on ${names}, a client's cache says ${this.#arp.get(vip)}`);
    }
  }

  /** The group of the address has failed: nobody has to have it. */
  #isGivenUp(vip: string): boolean {
    const index = this.#config.resources.findIndex(({ resources }) =>
      resources.some((resource) => resource.kind === "address" && resource.address === vip),
    );
    return this.boxes.some(({ state }) => state?.groups[index]?.failed !== undefined);
  }

  #checkDelivery(): void {
    for (const box of this.boxes) {
      for (const { name, inbox } of box.state?.peers.values() ?? []) {
        const sender = this.boxes.find((each) => each.name === name);
        if (sender?.running !== true || this.#now() - sender.startedAt < DELIVERY) continue;
        const [lost] = [...inbox.missing].filter(([, { since }]) => box.clock() - since > DELIVERY);
        if (lost !== undefined) this.#broken("delivered", `${box.name} lacks message ${lost[0]} of ${name}`);
      }
    }
  }

  #checkDeath(box: Box, peer: string): void {
    const { deadtime, keepalive } = this.#config.heartbeat;
    const silence = this.#now() - (this.#heard.get(`${peer}>${box.name}`) ?? Number.NEGATIVE_INFINITY);
    if (silence < deadtime - keepalive - 50) {
      this.#broken("hasty", `${box.name} calls ${peer} dead after ${Math.round(silence)} ms of silence`);
    }
  }

  #countSent(box: Box, medium: string): void {
    const second = Math.floor(this.#now() / 1000);
    const key = `${box.name} ${medium}`;
    const last = this.#sent.get(key);
    const count = last?.second === second ? last.count + 1 : 1;
    this.#sent.set(key, { second, count });
    if (count > CHATTER * this.boxes.length)
      this.#broken("chatter", `${box.name} sent ${count} messages within a second`);
  }

  #checkGap(vip: string, owners: number, now: number): void {
    // A node whose kernel refuses something tries again with growing pauses; programs take their time.
    const steady = this.boxes.every(
      ({ state }) =>
        state?.self.phase === "running" && state.kernel.attempts === 0 && !state.groups.some(isMoving),
    );
    if (!steady) this.#unsteady = now;
    if (owners > 0) {
      this.#noneSince.delete(vip);
      return;
    }
    const since = this.#noneSince.get(vip) ?? now;
    this.#noneSince.set(vip, since);
    const gap = now - Math.max(since, this.#disturbed, this.#unsteady, this.#unheard);
    this.longestGap = Math.max(this.longestGap, gap);
    if (gap > this.gap) this.#broken("gap", `${vip} is on no kernel for ${Math.round(gap)} ms`);
  }

  #answered(box: Box, id: number): void {
    const request = `${box.name} ${box.starts} ${id}`;
    if (!this.#open.delete(request)) this.#broken("answered", `request ${request} is answered twice`);
  }

  #broken(name: string, detail: string): never {
    throw new BrokenInvariant(`${name}: ${detail}`);
  }
}

function isMoving({ failed, items }: GroupState): boolean {
  return failed !== undefined || items.some(({ phase }) => phase !== "running" && phase !== "stopped");
}

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] ?? 0));
}
