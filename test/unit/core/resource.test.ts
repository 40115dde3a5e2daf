// The small parts of resource handling: the announcement schedule, the pursuit of what is wanted, the rare log lines.

import { expect, test } from "vitest";
import {
  announceAgain,
  announceDue,
  follow,
  nextAnnouncement,
  SCHEDULE,
} from "../../../firmware/core/resource/announce.ts";
import { failed, nextAttempt, pursue, UNKNOWN_KERNEL } from "../../../firmware/core/resource/kernel.ts";
import { telling } from "../../../firmware/core/told.ts";

const WANTED = [{ interface: "eth0", address: "10.0.0.1", prefixLength: 24, label: "eth0:0" }];

test("an address is announced in both forms at each time of the schedule and then no more", () => {
  let announcements = follow(new Map(), ["10.0.0.1"], 1000);
  const times: number[] = [];
  for (let at = nextAnnouncement(announcements); at !== undefined; at = nextAnnouncement(announcements)) {
    const due = announceDue(announcements, WANTED, at);
    expect(due.actions.map((action) => action.type === "announce" && action.form)).toEqual([
      "request",
      "reply",
    ]);
    times.push(at - 1000);
    announcements = due.announcements;
  }
  expect(times).toEqual(SCHEDULE);
});

test("a node that was held up sends one round, not all it has missed", () => {
  const announcements = follow(new Map(), ["10.0.0.1"], 0);
  const due = announceDue(announcements, WANTED, 3000);
  expect(due.actions).toHaveLength(2);
  expect(nextAnnouncement(due.announcements)).toBe(4000);
});

test("announcing again starts the schedule anew, and only for what is held", () => {
  const done = announceDue(follow(new Map(), ["10.0.0.1"], 0), WANTED, 100_000).announcements;
  expect(nextAnnouncement(done)).toBeUndefined();
  expect(nextAnnouncement(announceAgain(done, ["10.0.0.1", "10.0.0.2"], 100_500))).toBe(100_500);
  expect(announceAgain(done, ["10.0.0.2"], 100_500).size).toBe(1);
});

test("what is no longer held is no longer announced", () => {
  const held = follow(new Map(), ["10.0.0.1"], 0);
  expect(follow(held, [], 10).size).toBe(0);
  expect(follow(held, ["10.0.0.1"], 10)).toBe(held);
});

test("a plan is asked for at once, again with growing pauses, and at once when something else differs", () => {
  const add = [
    {
      type: "add" as const,
      address: { interface: "eth0", address: "10.0.0.1", prefixLength: 24, label: "eth0:0" },
    },
  ];
  const other = [
    { type: "remove" as const, address: { interface: "eth0", address: "10.0.0.2", prefixLength: 24 } },
  ];
  let { kernel, reconcile } = pursue(UNKNOWN_KERNEL, add, 0);
  expect(reconcile).toBe(true);
  const asked: number[] = [];
  for (let now = 1; now < 10_000; now++) {
    ({ kernel, reconcile } = pursue(kernel, add, now));
    if (reconcile) asked.push(now);
  }
  expect(asked).toEqual([250, 750, 1750, 3750, 7750]);
  expect(pursue(kernel, other, 10_000).reconcile).toBe(true);
});

test("nothing is waited for when everything is as wanted, and failures are forgotten", () => {
  const add = [
    {
      type: "add" as const,
      address: { interface: "eth0", address: "10.0.0.1", prefixLength: 24, label: "eth0:0" },
    },
  ];
  const asked = failed(pursue(UNKNOWN_KERNEL, add, 0).kernel, "10.0.0.1", "ENOBUFS");
  expect(nextAttempt(asked)).toBe(250);
  const { kernel } = pursue(asked, [], 10);
  expect(nextAttempt(kernel)).toBeUndefined();
  expect(kernel.failures.size).toBe(0);
});

test("a cause is told once a minute, and ever new causes do not grow the memory", () => {
  let told: ReadonlyMap<string, number> = new Map();
  const tell = (cause: string, now: number): boolean => {
    const result = telling(told, cause, now);
    told = result.told;
    return result.tell;
  };
  expect([tell("a", 0), tell("a", 59_999), tell("b", 59_999), tell("a", 60_000)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  for (let source = 0; source < 1000; source++) tell(`source ${source}`, 60_000 + source);
  expect(told.size).toBe(64);
});
