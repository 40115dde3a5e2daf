// Four media of four kinds between two directors: three of them may die, in whatever order, and nothing moves; when they come
// back they work again without anybody's help. Each medium has a cable and a switch of its own, and each is really cut.

import { afterAll, beforeAll, expect, test } from "vitest";
import { MediaLab } from "../support/media-lab.ts";
import { reasonToSkip } from "../support/netns.ts";
import { until } from "../support/until.ts";

const why = reasonToSkip("four media");

const device = "/dev/shm/ttyS1";
const media = ["bcast eth0", "ucast eth1", "mcast eth2 225.0.0.1", `serial ${device}`] as const;
type Medium = (typeof media)[number];

let lab: MediaLab;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await MediaLab.create({
    directors: 2,
    networks: 3,
    cables: [
      {
        ends: [
          { director: 0, device },
          { director: 1, device },
        ],
      },
    ],
    baud: 115_200,
    media: [
      "bcast: eth0",
      "ucast: { interface: eth1, peer: 10.61.0.1 }",
      "ucast: { interface: eth1, peer: 10.61.0.2 }",
      "mcast: { interface: eth2, group: 225.0.0.1 }",
      `serial: ${device}`,
    ],
    keepalive: 100,
    deadtime: 400,
    realtime: true,
  });
  await lab.start();
});

afterAll(() => lab?.dispose());

/** The side whose port goes down alternates: one node sees the carrier go, the other only silence. */
async function set(medium: Medium, state: "up" | "down", side: number): Promise<void> {
  const index = media.indexOf(medium);
  if (index < 3) await lab.plug(index, side, state);
  else if (state === "down") lab.nullModems[0]?.cut();
  else lab.nullModems[0]?.join();
}

/** Waits until both directors call exactly these links up. */
async function up(...wanted: readonly Medium[]): Promise<void> {
  await until(`up: ${wanted.join(", ")}`, async () => {
    const seen = await Promise.all(
      lab.directors.map(async (director) => {
        const peer = (await director.status()).members.find(({ self }) => !self);
        return (peer?.links ?? []).filter((link) => link.up).map((link) => link.medium);
      }),
    );
    return seen.every(
      (links) =>
        links.length === wanted.length && wanted.every((each) => links.some((link) => link.startsWith(each))),
    );
  });
}

function ordersOf(count: number, of: readonly Medium[]): Medium[][] {
  if (count === 0) return [[]];
  return of.flatMap((first) =>
    ordersOf(
      count - 1,
      of.filter((each) => each !== first),
    ).map((rest) => [first, ...rest]),
  );
}

test.skipIf(why)("all four carry heartbeats", () => up(...media));

test.skipIf(why).each(ordersOf(3, media))("%s dies, then %s, then %s: nothing moves", async (...order) => {
  const before = lab.directors.map(({ log }) => log.length);
  const side = order.indexOf("bcast eth0") === 0 ? 0 : 1;
  const left = new Set<Medium>(media);
  for (const medium of order) {
    await set(medium, "down", side);
    left.delete(medium);
    await up(...left);
  }
  await lab.settled(0);
  await Promise.all(order.map((medium) => set(medium, "up", side)));
  await up(...media);
  for (const [index, { log }] of lab.directors.entries()) {
    expect(log.slice(before[index])).not.toMatch(/is dead|quiring|Giving up|standby/);
  }
});
