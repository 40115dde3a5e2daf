// What happens to a pair whose nodes fence each other, under the misfortunes of faults.ts and a power switch that fails now and
// then. Where a silent node is switched off before anything of it is taken, one invariant is stronger than elsewhere:
//
//   fenced first   no address is ever on the kernels of two boxes, not for a moment, whatever the network does

import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import { addressGroup, clusterConfig } from "../cluster-config.ts";
import { Chance } from "./chance.ts";
import { playEpisode, separate, startAll } from "./faults.ts";
import type { SwitchMood } from "./power-switch.ts";
import { attempt, type RunOptions, type RunResult, worldOf } from "./run.ts";
import { BrokenInvariant } from "./watch.ts";
import { World } from "./world.ts";

export interface FencingRun extends RunResult {
  /** How often a box was switched off. */
  readonly fenced: number;
}

const MOODS: readonly [SwitchMood, ...SwitchMood[]] = [
  "works",
  "works",
  "works",
  "fails",
  "hangs",
  "works and says that it failed",
];
/** The switch recovers within so many ms, long before the longest pause between attempts. */
const RECOVERS = 5000;

export function runFencingSeed(options: RunOptions): FencingRun {
  const chance = new Chance(options.seed).fork();
  let fenced = 0;
  const world: World = new World({
    ...worldOf(options),
    config: fencingConfig(chance),
    observe: () => checkSingle(world),
    switchedOff: (box) => {
      fenced++;
      world.schedule.after(chance.between(1000, 8000), () =>
        world.happen(`${box.name} gets power`, () => box.boot()),
      );
    },
  });
  const result = attempt(options, world, () => play(world, chance, options.ms));
  return { ...result, fenced };
}

function play(world: World, chance: Chance, ms: number): void {
  startAll(world, chance);
  while (world.schedule.now < ms) {
    setMood(world, chance.pick(MOODS));
    world.schedule.after(RECOVERS, () => setMood(world, "works"));
    if (chance.happens(0.5)) playEpisode(world, chance);
    else playPartition(world, chance);
    world.happen("the network is repaired", () => world.network.repair());
    world.run(chance.between(500, 12_000));
  }
  world.run(world.watch.calm + 40_000);
}

/** Long enough to be called dead, and to be switched off or not. */
function playPartition(world: World, chance: Chance): void {
  const [first, second] = world.boxes;
  separate(world, [first], [second]);
  world.run(world.config.heartbeat.deadtime + chance.between(0, 5000));
}

function setMood(world: World, mood: SwitchMood): void {
  world.happen(`the power switch ${mood}`, () => {
    world.powerSwitch.mood = mood;
  });
}

function fencingConfig(chance: Chance): ClusterConfig {
  const keepalive = chance.pick([100, 200]);
  const deadtime = keepalive * chance.integer(5, 8);
  const [first, second] = ["director1", "director2"];
  const config = clusterConfig(
    {
      keepalive,
      deadtime,
      warntime: deadtime / 2,
      initdead: deadtime * chance.integer(2, 4),
      autoFailback: chance.pick(["on", "off"]),
      auth: { sendWith: 1, keys: [{ id: 1, method: "crc" }] },
    },
    [addressGroup(first, "192.168.140.150"), addressGroup(chance.pick([first, second]), "192.168.140.160")],
  );
  const command = ["/usr/local/sbin/cut-power"];
  const delays = chance.pick<readonly number[]>([
    [0, 0],
    [0, 1500],
    [700, 0],
  ]);
  const nodes = config.nodes.map((node, at) => ({
    ...node,
    fencing: { kind: "command", command, timeout: 3000, delay: delays[at] ?? 0 } as const,
  }));
  return { ...config, nodes };
}

function checkSingle(world: World): void {
  for (const vip of world.watch.vips) {
    const owners = world.boxes.filter((box) => box.kernel.has(vip)).map(({ name }) => name);
    if (owners.length > 1) throw new BrokenInvariant(`fenced first: ${vip} is on ${owners.join(" and ")}`);
  }
}
