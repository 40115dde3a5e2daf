// Plays a cluster's life through once before the node begins its own: both nodes start, the other one dies, returns, is given
// everything, and the node stops. V8 compiles a function when it is first called, and a process that has only sent heartbeats for
// months would do that in the middle of its first take-over. Nothing of what the players ask for is done.

import type { Action } from "./action.ts";
import type { ClusterConfig } from "./config/cluster.ts";
import type { Event, NodeSetup, ObservedAddress, ObservedRoute } from "./event.ts";
import { isStable } from "./heartbeat/report.ts";
import { createNode, managedAddresses, type NodeState, nextWake, wantedAddresses } from "./node.ts";
import { plan } from "./plan.ts";
import { step } from "./step.ts";

type Happening = Event extends infer E ? (E extends Event ? Omit<E, "now" | "draw"> : never) : never;

/** Events of a rehearsal at most, whatever the configuration is: a second of a slow processor. */
const longest = 2000;

/** Every address can be placed; where it goes is nobody's concern here. */
const ROUTES: readonly ObservedRoute[] = ["0.0.0.0", "::"].map((destination) => {
  return { destination, prefixLength: 0, interface: "eth0", metric: 0 };
});

/**
 * Plays until the story is told or `longest` events were decided, and returns which. `setup` is the node's own; a cluster of one
 * node has no story.
 */
export function rehearse(cluster: ClusterConfig, setup: NodeSetup): "told" | "unfinished" {
  const other = cluster.nodes.find(({ name }) => name !== setup.self);
  if (other === undefined) return "told";
  const stage = new Stage(cluster);
  const self = stage.add(setup);
  const peer = stage.add({ ...setup, self: other.name, uuid: setup.uuid.map((byte) => byte ^ 0xff) });
  const all = managedAddresses(cluster).length;
  stage.enter(self);
  stage.enter(peer);
  const scenes: readonly (() => boolean)[] = [
    () => stage.playUntil(() => self.held.length + peer.held.length === all && isStable(self.state)),
    () => stage.leave(peer),
    () => stage.playUntil(() => self.held.length === all && isStable(self.state)),
    () => stage.enter(peer),
    () => stage.playUntil(() => isStable(self.state) && isStable(peer.state)),
    () => stage.tell(self, { type: "operator", request: { command: "standby", scope: "all" }, id: 1 }),
    () => stage.playUntil(() => isStable(self.state) && isStable(peer.state)),
    () => stage.tell(self, { type: "stop" }),
    () => stage.playUntil(() => !self.present),
  ];
  return scenes.every((scene) => scene()) ? "told" : "unfinished";
}

class Player {
  readonly setup: NodeSetup;
  state: NodeState;
  held: readonly ObservedAddress[] = [];
  present = false;

  constructor(cluster: ClusterConfig, setup: NodeSetup) {
    this.setup = setup;
    this.state = createNode(cluster, setup);
  }
}

class Stage {
  readonly #cluster: ClusterConfig;
  readonly #players: Player[] = [];
  readonly #queue: [Player, Happening][] = [];
  #now = 1_000_000;
  #decided = 0;
  #generation = 0;

  constructor(cluster: ClusterConfig) {
    this.#cluster = cluster;
  }

  add(setup: NodeSetup): Player {
    const player = new Player(this.#cluster, setup);
    this.#players.push(player);
    return player;
  }

  /** Begins another life of that node. */
  enter(player: Player): boolean {
    this.#generation += 1;
    player.state = createNode(this.#cluster, { ...player.setup, generation: this.#generation });
    player.held = [];
    player.present = true;
    this.tell(player, { type: "start" });
    return this.tell(player, { type: "observed", addresses: [], routes: ROUTES });
  }

  leave(player: Player): boolean {
    player.present = false;
    return true;
  }

  tell(player: Player, happening: Happening): boolean {
    this.#queue.push([player, happening]);
    return true;
  }

  /** False when it was not reached within `longest`. */
  playUntil(reached: () => boolean): boolean {
    while (this.#decided < longest) {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
        this.#decide(...next);
      if (reached()) return true;
      if (!this.#waitForNext()) return false;
    }
    return false;
  }

  /** Lets time pass to the next deadline of anybody. */
  #waitForNext(): boolean {
    const waiting = this.#players.filter(({ present }) => present);
    const wakes = waiting.map((player) => ({
      player,
      at: nextWake(player.state) ?? Number.POSITIVE_INFINITY,
    }));
    const [first] = wakes.sort((a, b) => a.at - b.at);
    if (first === undefined || first.at === Number.POSITIVE_INFINITY) return false;
    this.#now = Math.max(this.#now, first.at);
    return this.tell(first.player, { type: "tick" });
  }

  #decide(player: Player, happening: Happening): void {
    if (!player.present) return;
    this.#decided += 1;
    const now = { monotonic: this.#now, wall: 0 };
    const { state, actions } = step(player.state, { ...happening, now, draw: this.#decided });
    player.state = state;
    for (const action of actions) this.#follow(player, action);
  }

  #follow(player: Player, action: Action): void {
    switch (action.type) {
      case "send":
        for (const other of this.#players) {
          if (other === player) continue;
          for (const medium of action.media)
            this.tell(other, { type: "frame", medium, source: "peer", bytes: action.bytes });
        }
        break;
      case "reconcile":
        this.#reconcile(player);
        break;
      case "ping":
        this.tell(player, { type: "echo", source: action.target, bytes: action.bytes });
        break;
      case "run":
        this.tell(player, {
          type: "program-ended",
          id: action.id,
          outcome: { kind: "exit", code: 0 },
          output: "",
        });
        break;
      case "stopped":
        player.present = false;
        break;
      default:
        break;
    }
  }

  #reconcile(player: Player): void {
    for (const change of plan(wantedAddresses(player.state), player.held, managedAddresses(this.#cluster))) {
      const { address } = change.address;
      const others = player.held.filter((each) => each.address !== address);
      player.held = change.type === "add" ? [...others, change.address] : others;
    }
    this.tell(player, { type: "observed", addresses: player.held, routes: ROUTES });
  }
}
