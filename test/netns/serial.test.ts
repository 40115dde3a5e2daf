// Two of our daemons with nothing between them but a serial null-modem cable (two ptys and a relay) at 19200 baud and a
// keepalive of 200 ms: what fits that line is enough for everything that a cluster does.

import { afterAll, beforeAll, expect, test } from "vitest";
import { MediaLab } from "../support/media-lab.ts";
import { reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("serial media between daemons");

const device = "/dev/shm/ttyS1";
const baud = 19_200;
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
    keepalive: 200,
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
    let rates: number[] = [];
    // At the start more is said than the line can carry for a while.
    await until("the line has room left", async () => {
      rates = await bytesPerSecond();
      return rates.every((rate) => rate < 0.8 * (baud / 10));
    });
    console.log(`bytes a second on the line at ${baud} baud: ${rates.map(Math.round).join(" and ")}`);
    for (const rate of rates) expect(rate).toBeGreaterThan(800);
    for (const [index, { log }] of lab.directors.entries()) expect(log.slice(logs[index])).not.toMatch(quiet);
  },
);

/** Of both directions, over two seconds. */
async function bytesPerSecond(): Promise<number[]> {
  const [cable] = lab.nullModems;
  if (cable === undefined) throw new Error("there is no cable");
  const [began, before] = [performance.now(), [...cable.carried]];
  await until("two seconds have passed", () => performance.now() - began > 2000);
  const seconds = (performance.now() - began) / 1000;
  return cable.carried.map((bytes, end) => (bytes - (before[end] ?? 0)) / seconds);
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
