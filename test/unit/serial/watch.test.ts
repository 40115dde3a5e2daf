// The watch over modem lines with a simulated port: what a null-modem cable's lines do is told once each, and nothing after close.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ModemLines, type ModemLineWatch, watchLines } from "../../../native/serial/watch.ts";

const connected: ModemLines = { cts: true, dsr: true, dcd: true, ri: false, rts: true, dtr: true };
const peerGone: ModemLines = { ...connected, cts: false, dsr: false, dcd: false };
const interval = 20;

let port: () => ModemLines;
let reports: unknown[];
let watch: ModemLineWatch;

beforeEach(() => {
  vi.useFakeTimers();
  port = () => connected;
  reports = [];
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function start(changed?: () => void): void {
  const sink = {
    onChange: (lines: ModemLines, before: ModemLines | undefined): void => {
      reports.push([lines, before]);
      changed?.();
    },
    onError: (error: Error): void => {
      reports.push(error.message);
    },
  };
  watch = watchLines(() => port(), sink, interval);
}

test("the state found at the start is reported, but not before the watch was returned", () => {
  start();
  expect(reports).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(reports).toEqual([[connected, undefined]]);
});

test("each change is reported once, with the state before it", () => {
  start();
  vi.advanceTimersByTime(3 * interval);
  port = () => peerGone;
  vi.advanceTimersByTime(3 * interval);
  expect(reports).toEqual([
    [connected, undefined],
    [peerGone, connected],
  ]);
});

test.each(Object.keys(connected) as (keyof ModemLines)[])("a change of %s alone is noticed", (line) => {
  start();
  vi.advanceTimersByTime(0);
  port = () => ({ ...connected, [line]: !connected[line] });
  vi.advanceTimersByTime(interval);
  expect(reports).toHaveLength(2);
});

test("a port that fails ends the watch with one error", () => {
  start();
  vi.advanceTimersByTime(0);
  port = () => {
    throw new Error("serial: read the modem lines of /dev/ttyS1 (fd 5): EIO");
  };
  vi.advanceTimersByTime(10 * interval);
  expect(reports.slice(1)).toEqual(["serial: read the modem lines of /dev/ttyS1 (fd 5): EIO"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("nothing is reported or left waiting after close, not even the first state", () => {
  start();
  watch.close();
  watch.close();
  vi.advanceTimersByTime(10 * interval);
  expect(reports).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a watch may be closed from within its own report", () => {
  start(() => watch.close());
  vi.advanceTimersByTime(0);
  port = () => peerGone;
  vi.advanceTimersByTime(10 * interval);
  expect(reports).toHaveLength(1);
});
