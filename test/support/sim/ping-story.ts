// What happens to the ping nodes of a simulated cluster with ipfail: ways break for one node and for all of them, at once or
// nearly so, cables come and go, answers get lost, processes die meanwhile. What must hold after each episode:
//
//   best       nobody owns anything while another node reaches more ping nodes, once there was time to notice and to move
//   unmoved    what fails for all nodes alike moves nothing, neither when it fails nor when it comes back
//   one move   a way that comes and goes faster than initdead moves each address once at most
//   home       when all ways are whole for longer than initdead, auto_failback has brought everything home

import type { Address, ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import { addressGroup, clusterConfig } from "../cluster-config.ts";
import type { Box } from "./box.ts";
import { Chance } from "./chance.ts";
import { type Faults, playStory } from "./faults.ts";
import { attempt, type RunOptions, type RunResult, worldOf } from "./run.ts";
import { BrokenInvariant } from "./watch.ts";
import { World } from "./world.ts";

const TARGETS: readonly Address[] = ["192.168.140.1", "192.168.140.2", "10.9.0.1", "10.9.0.2"];
/** A hand-over takes some messages and some changes of the kernel. */
const HAND_OVER = 300;
/** Answers lost on an ordinary day. */
const LOSS = 0.03;

type Episode = (story: PingStory) => void;

/** With an `episode` nothing but that happens, over and over. */
export function runPingSeed(options: RunOptions, episode?: string): RunResult {
  const story = new PingStory(worldOfPings(options));
  const only = EPISODES.find(({ name }) => name === episode);
  return attempt(options, story.world, () => {
    while (story.world.schedule.now < options.ms) story.play(only ?? story.chance.pick(EPISODES));
  });
}

/** Ways to ping nodes break and heal amid all other misfortunes of faults.ts; the invariants are those of watch.ts. */
export function runAmidFaults(options: RunOptions): RunResult {
  const world = worldOfPings(options);
  return attempt(options, world, () => playStory(world, options.ms, PING_FAULTS));
}

function worldOfPings(options: RunOptions): World {
  return new World({
    ...worldOf(options),
    config: pingConfig(new Chance(options.seed)),
    form: "two-segments",
  });
}

const PING_FAULTS: Faults = [
  [6, (world, chance, box) => loseWay(world, chance, [box])],
  [2, (world, chance) => loseWay(world, chance, world.boxes)],
  [4, (world) => world.happen("all ways are whole", () => world.pingTargets.repair())],
];

function loseWay(world: World, chance: Chance, boxes: readonly Box[]): void {
  const target = TARGETS[chance.integer(0, TARGETS.length - 1)] ?? "";
  world.happen(`${boxes.map(({ name }) => name).join(" and ")} lose ${target}`, () => {
    for (const box of boxes) world.pingTargets.set(box, target, false);
  });
}

function pingConfig(chance: Chance): ClusterConfig {
  const keepalive = chance.pick([100, 200, 500]);
  const deadtime = keepalive * chance.integer(5, 8);
  const nodes = chance.pick([2, 2, 3]);
  const node = (): string => `director${chance.integer(1, nodes)}`;
  return clusterConfig(
    {
      keepalive,
      deadtime,
      warntime: deadtime / 2,
      initdead: deadtime * chance.integer(3, 5),
      deadping: keepalive * chance.integer(5, 10),
      autoFailback: chance.pick(["on", "off"]),
      auth: { sendWith: 1, keys: [{ id: 1, method: "crc" }] },
      ping: TARGETS.slice(0, chance.integer(1, 2)),
      pingGroups: chance.happens(0.5) ? [{ name: "uplink", members: TARGETS.slice(2) }] : [],
      ipfail: true,
    },
    [addressGroup("director1", "192.168.140.150"), addressGroup(node(), "192.168.140.160")],
    nodes,
  );
}

class PingStory {
  readonly world: World;
  readonly #chance: Chance;
  readonly #config: ClusterConfig;

  constructor(world: World) {
    this.world = world;
    this.#chance = world.chance.fork();
    this.#config = world.config;
    world.pingTargets.lose(LOSS, world.chance.fork());
    for (const box of world.boxes) box.boot();
    world.run(world.watch.calm);
  }

  /** One episode, from rest to rest. */
  play(episode: Episode): void {
    episode(this);
    const { pingTargets } = this.world;
    this.world.happen("all ways are whole", () => pingTargets.repair());
    for (const box of this.world.boxes) if (!box.running) box.startProcess();
    const { deadtime, initdead, autoFailback } = this.#config.heartbeat;
    this.world.run(2 * initdead + 2 * deadtime + HAND_OVER);
    if (autoFailback === "on") this.#expect("home", (box, vip) => this.#preferred(vip) === box.name);
  }

  get heartbeat(): ClusterConfig["heartbeat"] {
    return this.#config.heartbeat;
  }

  get chance(): Chance {
    return this.#chance;
  }

  /** Breaks or repairs the ways of some boxes to an address, each within `spread` ms. */
  set(boxes: readonly Box[], target: Address, reachable: boolean, spread = 0): void {
    for (const box of boxes) {
      const act = (): void => this.world.pingTargets.set(box, target, reachable);
      this.world.schedule.after(this.#chance.between(0, spread), () =>
        this.world.happen(`${box.name} ${reachable ? "finds" : "loses"} ${target}`, act),
      );
    }
  }

  /** An address that is asked. */
  target(): Address {
    const { ping, pingGroups } = this.heartbeat;
    const all = [...ping, ...pingGroups.flatMap(({ members }) => members)];
    return all[this.#chance.integer(0, all.length - 1)] ?? "";
  }

  /** Time for everybody to notice what is lost and to act on it. */
  notice(): void {
    const { deadping, keepalive } = this.heartbeat;
    this.world.run(deadping + 6 * keepalive + HAND_OVER);
  }

  expectBest(): void {
    const running = this.world.boxes.filter((box) => box.running);
    const most = Math.max(...running.map((box) => this.#reach(box)));
    this.#expect("best", (box) => this.#reach(box) === most);
  }

  owners(): string {
    const { boxes, watch } = this.world;
    return watch.vips.map((vip) => `${vip} ${boxes.find((box) => box.kernel.has(vip))?.name}`).join(", ");
  }

  expectUnmoved(before: string): void {
    if (this.owners() !== before)
      throw new BrokenInvariant(`unmoved: it was ${before} and is ${this.owners()}`);
  }

  /** Counting a group as one, as the cluster file means it. */
  #reach(box: Box): number {
    const { ping, pingGroups } = this.heartbeat;
    const reaches = (target: Address): boolean => this.world.pingTargets.reaches(box, target);
    return ping.filter(reaches).length + pingGroups.filter(({ members }) => members.some(reaches)).length;
  }

  #preferred(vip: Address): string | undefined {
    return this.#config.resources.find(({ resources }) => resources.some(({ word }) => word === vip))?.node;
  }

  #expect(name: string, right: (box: Box, vip: Address) => boolean): void {
    for (const vip of this.world.watch.vips) {
      for (const box of this.world.boxes) {
        if (box.running && box.kernel.has(vip) && !right(box, vip))
          throw new BrokenInvariant(`${name}: ${vip} is on ${box.name}`);
      }
    }
  }
}

const EPISODES: readonly [Episode, ...Episode[]] = [
  function oneNodeLosesWays(story) {
    const box = story.chance.pick(story.world.boxes);
    for (let lost = story.chance.integer(1, 3); lost > 0; lost--) story.set([box], story.target(), false);
    story.notice();
    story.expectBest();
  },
  function eachLosesWays(story) {
    for (const box of story.world.boxes)
      for (let lost = story.chance.integer(0, 2); lost > 0; lost--) story.set([box], story.target(), false);
    story.notice();
    story.expectBest();
  },
  function routerFailsForAll(story) {
    const { boxes } = story.world;
    const { keepalive } = story.heartbeat;
    const target = story.target();
    const before = story.owners();
    for (const reachable of [false, true]) {
      story.set(boxes, target, reachable, keepalive / 2);
      story.notice();
      story.expectUnmoved(before);
    }
  },
  function cableComesAndGoes(story) {
    const { deadping, initdead } = story.heartbeat;
    const box = story.chance.pick(story.world.boxes);
    const target = story.target();
    const moves = story.world.watch.moves;
    for (let flaps = story.chance.integer(4, 8); flaps > 0; flaps--) {
      story.set([box], target, false);
      story.world.run(story.chance.between(1.4, 3) * deadping);
      story.set([box], target, true);
      story.world.run(story.chance.between(0.1, 0.8) * initdead);
    }
    const moved = story.world.watch.moves - moves;
    // An address that moves changes two kernels.
    if (moved > 2 * story.world.watch.vips.length)
      throw new BrokenInvariant(`one move: the addresses changed kernels ${moved} times`);
  },
  function betterNodeDies(story) {
    const box = story.chance.pick(story.world.boxes);
    story.set([box], story.target(), false);
    story.notice();
    for (const other of story.world.boxes)
      if (other !== box) story.world.happen(`${other.name} loses power`, () => other.cutPower());
    story.world.run(story.heartbeat.deadtime + HAND_OVER);
    const missing = story.world.watch.vips.filter((vip) => !box.kernel.has(vip));
    if (missing.length > 0)
      throw new BrokenInvariant(`best: ${box.name}, alone, lacks ${missing.join(", ")}`);
    for (const other of story.world.boxes) other.boot();
    story.world.run(story.world.watch.calm);
    story.expectBest();
  },
];
