// The port Clock: never early, replaced by the next call, and the peer's waiting frames are heard before a late wake-up decides.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { SystemClock } from "../../../firmware/adapters/system-clock.ts";

const clock = new SystemClock();

const woken = (at: number, by = clock): Promise<number> =>
  new Promise((resolve) => by.wakeAt(at, () => resolve(by.now().monotonic)));

/** The next reading that differs, less the one before: the clock's grain, or more when the process is held up just then. */
function grain(): number {
  const first = clock.now().monotonic;
  let next = first;
  while (next === first) next = clock.now().monotonic;
  return next - first;
}

test("monotonic time rises in fractions of a millisecond, wall time is in whole seconds", () => {
  const grains = Array.from({ length: 20 }, grain);
  expect(Math.min(...grains)).toBeGreaterThan(0);
  expect(Math.min(...grains)).toBeLessThan(1);
  const { wall } = clock.now();
  expect(Number.isInteger(wall)).toBe(true);
  expect(Math.abs(wall - Date.now() / 1000)).toBeLessThan(2);
});

test("a wake-up never comes early", async () => {
  for (let time = 0; time < 30; time++) {
    const at = clock.now().monotonic + 0.3 + time / 7;
    expect(await woken(at)).toBeGreaterThanOrEqual(at);
  }
});

test("a deadline that has passed wakes, and one far beyond the range of timers does not wake at once", async () => {
  expect(await woken(clock.now().monotonic - 5)).toBeGreaterThan(0);
  let rang = false;
  clock.wakeAt(clock.now().monotonic + 2 ** 40, () => {
    rang = true;
  });
  await woken(clock.now().monotonic + 5, new SystemClock());
  clock.wakeAt(undefined, () => {});
  expect(rang).toBe(false);
});

test("a new call replaces the last one, undefined disarms", async () => {
  const rang: string[] = [];
  clock.wakeAt(clock.now().monotonic + 1, () => rang.push("first"));
  await new Promise<void>((resolve) => {
    clock.wakeAt(clock.now().monotonic + 2, () => {
      rang.push("second");
      resolve();
    });
  });
  clock.wakeAt(clock.now().monotonic, () => rang.push("disarmed"));
  clock.wakeAt(undefined, () => rang.push("disarmed"));
  await woken(clock.now().monotonic + 3);
  expect(rang).toEqual(["second"]);
});

test("asked twice for the same moment it wakes once, and calls the later one back; afterwards it can be asked for it again", async () => {
  const rang: string[] = [];
  const at = clock.now().monotonic + 2;
  clock.wakeAt(at, () => rang.push("first"));
  await new Promise<void>((resolve) => {
    clock.wakeAt(at, () => {
      rang.push("second");
      resolve();
    });
  });
  await woken(at);
  expect(rang).toEqual(["second"]);
});

test("after a pause of the process, datagrams that were waiting come before the wake-up", async () => {
  const receiver = createSocket("udp4").bind(0, "127.0.0.1");
  const sender = createSocket("udp4");
  await once(receiver, "listening");
  const seen: string[] = [];
  receiver.on("message", () => seen.push("frame"));
  const rang = new Promise<void>((resolve) => {
    clock.wakeAt(clock.now().monotonic + 20, () => {
      seen.push("wake");
      resolve();
    });
  });
  sender.send("frame", receiver.address().port, "127.0.0.1", () => {
    const end = clock.now().monotonic + 60;
    while (clock.now().monotonic < end);
  });
  await rang;
  receiver.close();
  sender.close();
  expect(seen).toEqual(["frame", "wake"]);
});
