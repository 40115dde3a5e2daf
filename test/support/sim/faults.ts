// What happens to a simulated cluster: a random story of crashes, power cuts, pauses, bad networks, operators and attackers,
// with quiet stretches in which the nodes must come to rest.

import type { OperatorRequest } from "../../../firmware/core/event.ts";
import type { Box } from "./box.ts";
import type { Chance } from "./chance.ts";
import type { Quality } from "./network.ts";
import { repairPrograms } from "./program-faults.ts";
import type { World } from "./world.ts";

/** The hardware watchdog resets a box whose process did not run for so long, ms. */
const WATCHDOG = 10_000;

export type Fault = (world: World, chance: Chance, box: Box) => void;

/** Each with its weight. */
export type Faults = readonly (readonly [number, Fault])[];

const FAULTS: Faults = [
  [3, powerCut],
  [3, crash],
  [3, pause],
  [2, cutOneWay],
  [2, cutMedium],
  [3, partition],
  [2, cutBetween],
  [2, deafen],
  [3, degrade],
  [8, operate],
  [2, operateBoth],
  [2, stopOrderly],
  [1, stepWallClock],
  [1, refuseAdditions],
  [2, attack],
  [1, loseCarrier],
  [1, meetRival],
  [1, removeByHand],
];

/** Plays a story of `ms`; afterwards everything is repaired and the nodes had time to rest. */
export function playStory(world: World, ms: number, more: Faults = []): void {
  const chance = world.chance.fork();
  startAll(world, chance);
  const end = world.schedule.now + ms;
  while (world.schedule.now < end) {
    playEpisode(world, chance, [...FAULTS, ...more]);
    // Nodes must also come to rest in bad weather, as long as frames get through.
    if (chance.happens(0.8)) repair(world);
    world.run(chance.happens(0.08) ? world.watch.calm + 12_000 : chance.between(500, 5000));
  }
  repair(world);
  world.run(world.watch.calm + 40_000);
  examine(world, chance);
}

/** What every run ends with, from rest: a partition that heals, and a power cut. */
function examine(world: World, chance: Chance): void {
  const { deadtime } = world.config.heartbeat;
  const lonely = chance.pick(world.boxes);
  separate(world, [lonely], world.othersOf(lonely));
  world.run(2 * deadtime);
  repair(world);
  world.run(world.watch.calm + 2000);
  const dead = chance.pick(world.boxes);
  expectTakeover(world, dead);
  world.happen(`${dead.name} loses power`, () => dead.cutPower());
  world.run(2 * deadtime + 1000);
}

/** Misfortunes seldom come alone: some at the same moment, some in the middle of what the last one caused. */
export function playEpisode(world: World, chance: Chance, all: Faults = FAULTS): void {
  const faults = chance.integer(1, 5);
  for (let fault = 0; fault < faults; fault++) {
    pickFault(chance, all)(world, chance, chance.pick(world.boxes));
    world.run(chance.pick([chance.between(0, 5), chance.between(0, 100), chance.between(0, 3000)]));
  }
}

export function startAll(world: World, chance: Chance): void {
  const { keepalive } = world.config.heartbeat;
  // Some clusters live with slow kernels and with media on which frames overtake each other all the time.
  const jitter = chance.pick([0.3, 0.3, keepalive / 10, keepalive / 3]);
  world.network.usual = { ...world.network.usual, jitter };
  const slowness = chance.pick([2, 2, 40]);
  for (const box of world.boxes) {
    box.slowness = slowness;
    box.drift = 1 + chance.between(-0.0005, 0.0005);
    const delay = chance.pick([0, 0, chance.between(0, 5000), chance.between(0, 30_000)]);
    world.schedule.after(delay, () => world.happen(`${box.name} gets power`, () => box.boot()));
  }
}

/** Weather ends; power comes back by itself. */
function repair(world: World): void {
  world.happen("the network is repaired", () => world.network.repair());
  for (const box of world.boxes) repairPrograms(world, box);
}

function pickFault(chance: Chance, all: Faults): Fault {
  const total = all.reduce((sum, [weight]) => sum + weight, 0);
  let at = chance.between(0, total);
  for (const [weight, fault] of all) {
    at -= weight;
    if (at < 0) return fault;
  }
  return crash;
}

function powerCut(world: World, chance: Chance, box: Box): void {
  if (!box.powered) return;
  expectTakeover(world, box);
  world.happen(`${box.name} loses power`, () => box.cutPower());
  const away = chance.pick([
    chance.between(100, 5000),
    chance.between(100, 5000),
    chance.between(5000, 30_000),
  ]);
  world.schedule.after(away, () => world.happen(`${box.name} gets power`, () => box.boot()));
}

/** Unless something befalls the survivors meanwhile, they must be fast. */
function expectTakeover(world: World, dead: Box): void {
  const { now } = world.schedule;
  // A switch takes its time, and fails.
  if (world.config.nodes.some(({ fencing }) => fencing !== undefined)) return;
  const survivors = world.othersOf(dead).filter(({ powered }) => powered);
  // One that has just waked from a pause forgives the others a keepalive of silence.
  const well = ({ state, paused, kernel, touchedAt }: Box): boolean =>
    state?.self.phase === "running" &&
    state.kernel.attempts === 0 &&
    !paused &&
    !kernel.refusing &&
    now - touchedAt > 3 * world.config.heartbeat.deadtime;
  const quiet = survivors.length < 2 || world.watch.isQuiet;
  if (survivors.length === 0 || !survivors.every(well) || !quiet) return;
  const starts = dead.starts;
  const inFlight = Math.max(...world.boxes.map(({ name }) => world.network.slowest(name)));
  world.schedule.after(world.watch.survivorBound(inFlight, survivors.length), () => {
    // One that was off has nothing to do with it, unless it comes back meanwhile.
    const untouched = world.othersOf(dead).every(({ touchedAt }) => touchedAt < now);
    // Several must have been able to agree all the time.
    if (survivors.length > 1 && world.network.changedAt >= now) return;
    if (untouched && !dead.powered && dead.starts === starts) world.watch.mustOwnAll(survivors);
  });
}

function crash(world: World, chance: Chance, box: Box): void {
  if (!box.running) return;
  world.happen(`${box.name}'s process dies`, () => box.crash());
  restartLater(world, box, chance.between(100, 1000));
}

function restartLater(world: World, box: Box, delay: number): void {
  world.schedule.after(delay, () => {
    // One that is still about to end is started when it has ended.
    if (box.ended && box.running) restartLater(world, box, 500);
    else if (box.powered && !box.running)
      world.happen(`${box.name}'s process starts`, () => box.startProcess());
  });
}

function pause(world: World, chance: Chance, box: Box): void {
  if (!box.running || box.paused) return;
  const { deadtime } = world.config.heartbeat;
  const nearDeadtime = chance.between(0.6, 1.1) * deadtime;
  const ms = chance.pick([
    nearDeadtime,
    chance.between(20, 1000),
    chance.between(500, 4000),
    chance.between(2000, 14_000),
  ]);
  world.happen(`${box.name} stands still for ${Math.round(ms)} ms`, () => {
    const number = box.pause();
    const still = (run: () => void) => () => {
      if (box.isInPause(number)) run();
    };
    if (ms < WATCHDOG) {
      const resume = still(() => world.happen(`${box.name} runs on`, () => box.resume()));
      world.schedule.after(ms, resume);
    } else
      world.schedule.after(
        WATCHDOG,
        still(() => powerCut(world, chance, box)),
      );
  });
}

/** From `from` to each of `to`, on one wire. */
function change(world: World, wire: string, from: Box, to: readonly Box[], quality: Partial<Quality>): void {
  const ends = world.network.wires.find(({ name }) => name === wire)?.ends ?? [];
  const reached = to.filter(({ name }) => name !== from.name && ends.some(({ node }) => node === name));
  if (reached.length === 0 || !ends.some(({ node }) => node === from.name)) return;
  const words = Object.entries(quality).map(
    ([name, value]) => `${name} ${typeof value === "number" ? value.toFixed(2) : value}`,
  );
  const names = reached.map(({ name }) => name).join(" and ");
  world.happen(`${wire} from ${from.name} to ${names}: ${words.join(", ")}`, () => {
    for (const { name } of reached) {
      const now = { ...world.network.quality(wire, from.name, name), ...quality };
      world.network.set(wire, from.name, now, name);
    }
  });
}

/** Both ways, on all wires, between each of the first and each of the second. */
export function separate(world: World, some: readonly Box[], others: readonly Box[]): void {
  for (const { name } of world.network.wires) {
    for (const box of some) change(world, name, box, others, { cut: true });
    for (const box of others) change(world, name, box, some, { cut: true });
  }
}

function pickWire(world: World, chance: Chance): string {
  return world.network.wires[chance.integer(0, world.network.wires.length - 1)]?.name ?? "";
}

function cutOneWay(world: World, chance: Chance, box: Box): void {
  change(world, pickWire(world, chance), box, world.othersOf(box), { cut: true });
}

function cutMedium(world: World, chance: Chance): void {
  const wire = pickWire(world, chance);
  for (const box of world.boxes) change(world, wire, box, world.boxes, { cut: true });
}

/** One box stands alone. */
function partition(world: World, chance: Chance, box: Box): void {
  separate(world, [box], world.othersOf(box));
  const ms = chance.pick([chance.between(100, 2000), chance.between(500, 10_000)]);
  world.schedule.after(ms, () => repair(world));
}

/** Two boxes hear each other no longer, except by a third one that sends on. */
function cutBetween(world: World, chance: Chance, box: Box): void {
  separate(world, [box], [chance.pick(world.othersOf(box))]);
}

/** The box is no longer heard, but hears. */
function deafen(world: World, _chance: Chance, box: Box): void {
  for (const { name } of world.network.wires) change(world, name, box, world.boxes, { cut: true });
}

function degrade(world: World, chance: Chance, box: Box): void {
  const { keepalive } = world.config.heartbeat;
  for (const { name } of world.network.wires) {
    change(world, name, box, world.boxes, {
      loss: chance.pick([0, 0.05, 0.3]),
      duplicate: chance.pick([0, 0.2]),
      delay: chance.between(0, keepalive / 4),
      jitter: chance.between(0, keepalive / 2),
    });
  }
}

function operate(world: World, chance: Chance, box: Box): void {
  if (!box.running || box.paused || box.ended) return;
  const scope = chance.pick(["all", "local", "foreign"] as const);
  const request = chance.pick<OperatorRequest>([
    { command: "status" },
    { command: "standby", scope },
    { command: "takeover", scope },
    { command: "takeover", scope },
  ]);
  const id = ++world.requests;
  world.happen(`operator at ${box.name}: ${Object.values(request).join(" ")}`, () => {
    world.watch.asked(box, id);
    box.deliver({ type: "operator", request, id });
  });
}

/** Operators at all boxes at the same moment. */
function operateBoth(world: World, chance: Chance): void {
  for (const box of world.boxes) operate(world, chance, box);
}

function stopOrderly(world: World, chance: Chance, box: Box): void {
  if (!box.running || box.paused) return;
  world.happen(`${box.name} is stopped`, () => {
    box.touch();
    box.deliver({ type: "stop" });
  });
  restartLater(world, box, chance.pick([chance.between(1000, 3000), chance.between(1000, 20_000)]));
}

function stepWallClock(world: World, chance: Chance, box: Box): void {
  box.wallOffset += chance.between(-1e6, 1e6);
  world.trace.world(world.schedule.now, `${box.name}'s wall clock is ${Math.round(box.wallOffset)} s off`);
}

function refuseAdditions(world: World, chance: Chance, box: Box): void {
  world.happen(`${box.name}'s kernel refuses addresses`, () => {
    box.touch();
    box.kernel.refusing = true;
  });
  world.schedule.after(chance.between(100, 3000), () =>
    world.happen(`${box.name}'s kernel accepts addresses`, () => {
      box.kernel.refusing = false;
    }),
  );
}

/** Recorded frames again, recorded frames damaged, and rubbish. None of it may change anything, so it is no cause. */
function attack(world: World, chance: Chance, box: Box): void {
  world.trace.world(world.schedule.now, `an attacker plays to ${box.name}`);
  const frames = chance.integer(1, 40);
  for (let frame = 0; frame < frames; frame++) {
    world.schedule.after(chance.between(0, 8000), () => {
      const packet = box.running ? world.replayable(box) : undefined;
      if (packet === undefined) return;
      const bytes = chance.happens(0.7) ? packet.bytes : damaged(packet.bytes, chance);
      const medium = box.media[chance.integer(0, box.media.length - 1)]?.id ?? "";
      world.inject(medium, box, bytes);
    });
  }
}

function damaged(bytes: Uint8Array, chance: Chance): Uint8Array {
  const copy = bytes.slice(0, chance.happens(0.5) ? bytes.length : chance.integer(0, bytes.length - 1));
  const at = chance.integer(0, Math.max(0, copy.length - 1));
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << chance.integer(0, 7));
  return copy;
}

function loseCarrier(world: World, _chance: Chance, box: Box): void {
  world.trace.world(world.schedule.now, `${box.name} loses the carrier of eth1`);
  box.deliver({ type: "carrier", interface: "eth1", up: false });
}

function meetRival(world: World, chance: Chance, box: Box): void {
  const address = chance.pick([world.watch.vips[0] ?? "", ...world.watch.vips]);
  world.trace.world(world.schedule.now, `${box.name} sees a rival for ${address}`);
  box.deliver({ type: "rival", interface: "eth0", address, mac: "52:54:00:00:00:66" });
}

function removeByHand(world: World, chance: Chance, box: Box): void {
  const address = chance.pick([world.watch.vips[0] ?? "", ...world.watch.vips]);
  if (!box.running || box.paused || !box.kernel.has(address)) return;
  world.happen(`somebody removes ${address} from ${box.name}`, () => box.removeByHand(address));
}
