// Misfortunes of resource scripts: calls that fail, hang or take their time, and services that die by themselves.

import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import { clusterConfig, resourceGroup } from "../cluster-config.ts";
import type { Box } from "./box.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Behaviour, Call } from "./programs.ts";
import type { World } from "./world.ts";

export const PROGRAM_FAULTS: Faults = [
  [6, misbehave],
  [4, die],
];

function misbehave(world: World, chance: Chance, box: Box): void {
  const word = pickWord(chance, box);
  if (word === undefined) return;
  const call = chance.pick<Call>(["start", "start", "stop", "stop", "status"]);
  const behaviour = chance.pick<Behaviour>([
    { exit: 1 },
    { hangs: true },
    { takes: chance.between(100, 1500) },
    { takes: chance.between(100, 1500) },
  ]);
  world.happen(`${box.name}: ${word} ${call} goes ${JSON.stringify(behaviour)}`, () =>
    box.programs.behave(word, call, behaviour),
  );
}

function die(world: World, chance: Chance, box: Box): void {
  const word = chance.pick(["", ...box.programs.running]);
  if (word !== "") world.happen(`${box.name}: ${word} dies`, () => box.programs.fail(word));
}

function pickWord(chance: Chance, box: Box): string | undefined {
  return box.programs.words[chance.integer(0, box.programs.words.length - 1)];
}

/** Scripts behave again, and somebody cleans up what was stuck. */
export function repairPrograms(world: World, box: Box): void {
  if (box.programs.words.length === 0) return;
  world.happen(`${box.name}'s programs are repaired`, () => box.programs.behaveWell());
  const stuck = box.state?.groups.some(({ items }) => items.some(({ phase }) => phase === "stuck"));
  if (!stuck || box.paused) return;
  const id = ++world.requests;
  world.watch.asked(box, id);
  box.deliver({ type: "operator", request: { command: "cleanup" }, id });
}

const FAILOVER = {
  www: { start: ["/etc/init.d/www", "start"], stop: ["/etc/init.d/www", "stop"], check: { port: 80 } },
};

/** Two to three groups of scripts, agents, a failover service and addresses in between; short times for everything. */
export function programConfig(chance: Chance): ClusterConfig {
  const keepalive = chance.pick([100, 200]);
  const deadtime = keepalive * chance.integer(4, 8);
  const groups = [
    ["192.168.140.160", "web", "ocf:heartbeat:Dummy", "192.168.140.161", "after"],
    ["192.168.140.170", "www", "smbd::fast"],
    ["192.168.140.180"],
  ].map((group) =>
    resourceGroup(
      {
        node: chance.pick(["director1", "director2"]),
        group,
        monitor: { interval: 500, timeout: 1000, restarts: chance.integer(0, 3) },
        timeouts: { start: 2000, stop: 2000, status: 1000 },
        stop_retries: chance.integer(0, 2),
        stop_failed: chance.pick(["reboot", "block"]),
        failure_timeout: 20_000,
      },
      FAILOVER,
    ),
  );
  const times = { keepalive, deadtime, warntime: deadtime / 2, initdead: deadtime * 3 };
  const auth = { sendWith: 1, keys: [{ id: 1, method: "crc" } as const] };
  return clusterConfig({ ...times, auth, autoFailback: chance.pick(["on", "off"]) }, groups);
}
