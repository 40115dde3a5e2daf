// A simulated world: two boxes or three, what joins them, time, and chance. One seed is one run, from configuration to
// the last frame.

import type { Action } from "../../../firmware/core/action.ts";
import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import type { Event } from "../../../firmware/core/event.ts";
import { addressGroup, clusterConfig } from "../cluster-config.ts";
import { Box } from "./box.ts";
import { Chance } from "./chance.ts";
import { type Logic, type NodeState, REAL } from "./logic.ts";
import { Network, type Packet } from "./network.ts";
import { PingTargets } from "./ping-targets.ts";
import { PowerSwitch } from "./power-switch.ts";
import { Schedule } from "./schedule.ts";
import { FORMS, mediaOf, type Topology } from "./topology.ts";
import { Trace } from "./trace.ts";
import { Watch } from "./watch.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly config?: ClusterConfig;
  /** How many nodes a random configuration has; absent: by chance. */
  readonly nodes?: number;
  /** What joins them, a word of topology.ts; absent: by chance. */
  readonly form?: string;
  readonly logic?: Logic;
  /** Called after each step, and without actions when a kernel has changed. */
  readonly observe?: (box: Box, actions: readonly Action[]) => void;
  /** Called when the power switch has cut a box off. */
  readonly switchedOff?: (box: Box) => void;
  /** Called with each line as it happens. */
  readonly print?: (line: string) => void;
}

/** How often the invariants are looked at between events, ms. */
const CHECK_EVERY = 25;

export class World {
  readonly schedule = new Schedule();
  readonly chance: Chance;
  readonly config: ClusterConfig;
  readonly trace: Trace;
  readonly watch: Watch;
  readonly network: Network;
  readonly powerSwitch: PowerSwitch;
  readonly pingTargets = new PingTargets(this.schedule);
  readonly boxes: readonly [Box, Box, ...Box[]];
  /** The newest message of each other node that each process has received: what an attacker may replay without being lucky. */
  readonly #newest = new Map<string, { start: number; order: number }>();
  /** What joins the nodes, a word of topology.ts. */
  form = "";
  /** Operator requests so far: the number of the last one. */
  requests = 0;

  constructor({ seed, config, nodes, form, logic = REAL, observe, switchedOff, print }: WorldOptions) {
    this.chance = new Chance(seed);
    this.config = config ?? randomConfig(this.chance.fork(), nodes);
    this.trace = new Trace(this.config.heartbeat.auth, print);
    this.watch = new Watch(this.config, logic, () => this.schedule.now);
    const wires = this.#wires(form);
    this.network = new Network(wires, this.schedule, this.chance.fork(), this.#receive.bind(this));
    this.powerSwitch = new PowerSwitch(
      this.schedule,
      () => this.chance.fork(),
      (name) => this.#switchOff(name, switchedOff),
    );
    const observer = {
      powerSwitch: this.powerSwitch,
      stepped: (box: Box, event: Event, before: NodeState, after: NodeState, actions: readonly Action[]) => {
        this.trace.step(this.schedule.now, box.name, event, actions);
        this.watch.stepped(box, event, before, after, actions);
        observe?.(box, actions);
        for (const action of actions) this.#carry(box, action);
      },
      planned: this.watch.planned.bind(this.watch),
      kernelChanged: (box: Box) => {
        observe?.(box, []);
        this.watch.kernelChanged(box);
      },
    };
    const box = (name: string): Box =>
      new Box(name, mediaOf(wires, name), this.config, logic, this.schedule, this.chance.fork(), observer);
    const [first, second, ...more] = this.config.nodes.map(({ name }) => name);
    this.boxes = [box(first ?? ""), box(second ?? ""), ...more.map(box)];
    this.watch.boxes.push(...this.boxes);
    for (const each of this.boxes) {
      each.programs.called = (word, call) => this.watch.called(each, word, call);
    }
    this.#checkAgain();
  }

  othersOf(box: Box): readonly [Box, ...Box[]] {
    const [first, ...more] = this.boxes.filter((each) => each !== box);
    return [first ?? box, ...more];
  }

  #wires(form?: string): Topology {
    const names = this.config.nodes.map(({ name }) => name);
    const [first = "", ...others] = Object.keys(FORMS);
    const word = form ?? this.chance.pick([first, first, ...others]);
    const make = FORMS[word];
    if (make === undefined) throw new Error(`no form "${word}"`);
    this.form = word;
    this.trace.world(0, `${names.length} nodes, joined by ${word}`);
    return make(names);
  }

  /** Something happens to the world: traced, and a cause for roles to change. */
  happen(text: string, change: () => void): void {
    this.trace.world(this.schedule.now, text);
    this.watch.cause();
    change();
  }

  /** Puts bytes on a medium as an attacker would. */
  inject(medium: string, to: Box, bytes: Uint8Array): void {
    to.deliver({ type: "frame", medium, source: "10.0.0.66", bytes });
  }

  /** A recorded frame that `to` has received before or that is older than what it received; undefined when there is none. */
  replayable(to: Box): Packet | undefined {
    const old = this.network.recorded.filter((packet) => {
      const newest = this.#newest.get(`${packet.author} ${to.name} ${to.starts}`);
      return newest !== undefined && !isNewer(packet, newest);
    });
    return old[this.chance.integer(0, Math.max(0, old.length - 1))];
  }

  run(ms: number): void {
    this.schedule.runUntil(this.schedule.now + ms);
    this.watch.check();
  }

  #switchOff(name: string, then?: (box: Box) => void): void {
    const box = this.boxes.find((each) => each.name === name);
    if (box?.powered !== true) return;
    this.happen(`${name} is switched off`, () => box.cutPower());
    then?.(box);
  }

  #checkAgain(): void {
    this.schedule.after(CHECK_EVERY, () => {
      this.watch.check();
      this.#checkAgain();
    });
  }

  #carry(box: Box, action: Action): void {
    if (action.type === "send") this.#send(box, action.media, action.bytes);
    if (action.type === "ping") this.pingTargets.ask(box, action);
    if (action.type !== "announce" || action.form !== "request") return;
    // The clients' segment is whole whatever the heartbeat media do: each box sees what the other announces.
    const { interface: name, address } = action;
    const mac = `52:54:00:00:00:0${this.boxes.indexOf(box) + 1}`;
    for (const other of this.othersOf(box)) {
      this.schedule.after(0.3, () => other.deliver({ type: "rival", interface: name, address, mac }));
    }
  }

  #send(box: Box, media: readonly string[], bytes: Uint8Array): void {
    for (const medium of media) this.network.send(bytes, box.name, medium);
  }

  #receive(packet: Packet, to: string, medium: string): void {
    const box = this.boxes.find(({ name }) => name === to);
    if (box?.state === undefined) return;
    const key = `${packet.author} ${to} ${box.starts}`;
    const newest = this.#newest.get(key);
    // Control messages have no number and prove no life.
    if (packet.order > 0 && packet.author !== to && (newest === undefined || isNewer(packet, newest))) {
      this.#newest.set(key, packet);
      this.watch.arrived(packet.author, to);
    }
    box.deliver({ type: "frame", medium, source: medium, bytes: packet.bytes });
  }
}

function isNewer(packet: Packet, than: { readonly start: number; readonly order: number }): boolean {
  return packet.start > than.start || (packet.start === than.start && packet.order > than.order);
}

/** Times, groups and policy by chance; crc mostly, because the digest is not what is looked at. */
function randomConfig(chance: Chance, nodes = chance.pick([2, 3])): ClusterConfig {
  const names = Array.from({ length: nodes }, (_, index) => `director${index + 1}`);
  const keepalive = chance.pick([100, 200, 200, 500]);
  const deadtime = keepalive * chance.integer(4, 8);
  const groups = Array.from({ length: chance.integer(1, nodes + 1) }, (_, index) =>
    addressGroup(
      names[chance.integer(0, nodes - 1)] ?? "",
      ...Array.from({ length: chance.integer(1, 2) }, (_, each) => `192.168.140.${160 + 10 * index + each}`),
    ),
  );
  const signed = chance.happens(0.1);
  return clusterConfig(
    {
      keepalive,
      deadtime,
      warntime: deadtime / 2,
      initdead: deadtime * chance.integer(2, 4),
      autoFailback: chance.pick(["on", "off", "on", "off", "legacy"]),
      auth: {
        sendWith: 1,
        keys: [signed ? { id: 1, method: "sha1", key: "secretkey" } : { id: 1, method: "crc" }],
      },
    },
    groups,
    nodes,
  );
}
