// Two of our daemons with nothing between them but a serial null-modem cable (two ptys and a relay) at 19200 baud and a
// keepalive of 200 ms: what fits that line is enough for everything that a cluster does.

import { afterAll, beforeAll, expect, test } from "vitest";
import { MediaLab } from "../support/media-lab.ts";
import { reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("serial media between daemons");

const device = "/dev/shm/ttyS1";
const baud = 19_200;
const keepalive = 200;
const quiet = /is dead|quiring|Giving up|standby|Medium serial/;

let lab: MediaLab;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await MediaLab.create({
    directors: 2,
    networks: 1,
    cables: [
      {
        ends: [
          { director: 0, device },
          { director: 1, device },
        ],
      },
    ],
    baud,
    media: [`serial: ${device}`],
    keepalive,
    deadtime: 1000,
  });
  await lab.start();
});

afterAll(() => lab?.dispose());

const [one, other] = [0, 1] as const;

function director(index: number) {
  const found = lab.directors[index];
  if (found === undefined) throw new Error(`there is no director ${index}`);
  return found;
}

test.skipIf(why)(
  "they hear each other, the preferred owner has the address, and the line has room left",
  async () => {
    await director(one).holds(lab.vip);
    expect(director(other).log).toContain(`Link director1:${device} up.`);
    const logs = lab.directors.map(({ log }) => log.length);
    const room = (keepalive / 1000) * (baud / 10);
    let loads: number[] = [];
    // At the start more is said than the line can carry for a while.
    await until("the line has room left", async () => {
      loads = await bytesPerHeartbeat();
      return loads.every((bytes) => bytes < 0.8 * room);
    });
    console.log(
      `bytes with each heartbeat: ${loads.map(Math.round).join(" and ")}; ${baud} baud have room for ${room}`,
    );
    for (const [index, { log }] of lab.directors.entries()) expect(log.slice(logs[index])).not.toMatch(quiet);
  },
);

/** All that goes over the line, in both directions, over ten heartbeats. */
async function bytesPerHeartbeat(): Promise<number[]> {
  const [cable] = lab.nullModems;
  if (cable === undefined) throw new Error("there is no cable");
  cable.recorded = ["", ""];
  cable.record = true;
  const beats = (text: string): number => text.split(">>>\nt=status\n").length - 1;
  await until("ten heartbeats in each direction", () => cable.recorded.every((text) => beats(text) >= 10));
  cable.record = false;
  return cable.recorded.map((text) => text.length / beats(text));
}

/** Asks again while the nodes have not yet told each other that all is settled. */
async function move(command: "standby" | "takeover"): Promise<void> {
  await until(`director1 accepts ${command}`, async () => {
    const { error } = await director(one).ask({ command, scope: "all" });
    if (error !== undefined && !error.includes("in transition")) throw new Error(error);
    return error === undefined;
  });
}

test.skipIf(why)("an operator moves the address to the other node and back", async () => {
  await move("standby");
  await lab.settled(other);
  await director(other).holds(lab.vip);
  await move("takeover");
  await lab.settled(one);
});

test.skipIf(why)("power cut: the other node takes over, and the address comes home", async () => {
  const cut = performance.now();
  await lab.cutPower(one);
  await director(other).holds(lab.vip);
  console.log(
    `address taken over ${Math.round(performance.now() - cut)} ms after the power cut, deadtime 1000 ms`,
  );
  expect(director(other).log).toContain("node director1: is dead");
  await lab.powerOn(one);
  await lab.settled(one);
  await director(other).holds(lab.vip, false);
});

test.skipIf(why)("a clean stop hands over at once: its last words fit the line", async () => {
  const before = director(other).log.length;
  expect(await director(one).end("SIGTERM")).toBe(0);
  await director(other).holds(lab.vip);
  await director(other).said(/Received shutdown notice from 'director1'/, before);
  expect(director(other).log.slice(before)).not.toMatch(/is dead/);
});
