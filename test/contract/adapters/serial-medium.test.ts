// The port Medium on a serial line, with the serialport package and the addon on real pseudo-terminals: whole frames between
// two ends, and a port that is missing, taken, unplugged, disturbed or not read is said once and works again without help.

import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SerialMedium } from "../../../firmware/adapters/serial-medium.ts";
import { openSerialPort } from "../../../firmware/adapters/serial-port.ts";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { encodeClassic } from "../../../firmware/core/heartbeat/frame.ts";
import { latin1Bytes, latin1Text } from "../../../firmware/core/heartbeat/text.ts";
import { NullModem } from "../../support/null-modem.ts";
import { until } from "../../support/until.ts";

const auth = createAuthenticator({ sendWith: 1, keys: [{ id: 1, method: "sha1", key: "secretkey" }] });

function frame(text: string): Uint8Array {
  const fields = [
    { name: "t", value: "status" },
    { name: "info", value: text },
  ];
  return encodeClassic({ fields }, auth);
}

/** A medium, what it heard (the info of each frame) and what it said. */
interface End {
  readonly medium: SerialMedium;
  readonly heard: string[];
  readonly errors: string[];
  readonly sources: Set<string>;
}

let folder: string;
let cable: NullModem;
const open: SerialMedium[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pulsebox-serial-"));
  cable = new NullModem();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((medium) => medium.close()));
  cable.dispose();
  rmSync(folder, { recursive: true });
});

function end(device: string, baud = 115_200): End {
  const medium = new SerialMedium(`serial ${device}`, { device, baud, patience: 400 }, openSerialPort);
  const heard: string[] = [];
  const errors: string[] = [];
  const sources = new Set<string>();
  medium.open({
    frame: (bytes, source) => {
      heard.push(/^info=(.*)$/m.exec(latin1Text(bytes))?.[1] ?? "damaged");
      sources.add(source);
    },
    error: (message) => errors.push(message),
    carrier: () => errors.push("a pty has no modem lines"),
  });
  open.push(medium);
  return { medium, heard, errors, sources };
}

const pair = (baud?: number): readonly [End, End] => [end(cable.paths[0], baud), end(cable.paths[1], baud)];

/** Sends until it is heard: what is sent to a port that is not open yet may be lost. */
async function greet(from: End, to: End, text = "hello"): Promise<void> {
  await until(`${text} is heard`, () => {
    from.medium.send(frame(text), "greeting");
    return to.heard.includes(text);
  });
}

test("frames sent at once at both ends arrive whole, in order and unmixed; the source is the device", async () => {
  const [one, other] = pair();
  await Promise.all([greet(one, other), greet(other, one)]);
  const texts = Array.from({ length: 20 }, (_, index) => `${index} ${"x".repeat(index * 50)}`);
  for (const text of texts) {
    one.medium.send(frame(text));
    other.medium.send(frame(text));
  }
  await until("all are heard", () => [one, other].every(({ heard }) => heard.includes(texts[19] ?? "")));
  for (const { heard, errors } of [one, other]) {
    expect(heard.filter((text) => text !== "hello")).toEqual(texts);
    expect(errors).toEqual([]);
  }
  expect(one.sources).toEqual(new Set([cable.paths[0]]));
});

test("what is sent before the port is open waits for it", async () => {
  const [before, other] = pair();
  await greet(before, other);
  await before.medium.close();
  end(cable.paths[0]).medium.send(frame("first words"));
  await until("the first words are heard", () => other.heard.includes("first words"));
});

test("a port that is missing is said once and used when it is there; one that is pulled out, too", async () => {
  const device = join(folder, "ttyUSB0");
  const one = end(device);
  await until("it complains", () => one.errors.length > 0);
  expect(one.errors).toEqual([expect.stringMatching(/^ENOENT: no such file or directory.*ttyUSB0/)]);
  symlinkSync(cable.paths[0], device);
  await greet(one, end(cable.paths[1]));
  expect(one.errors).toHaveLength(1);

  cable.dispose();
  await until("it complains again", () => one.errors.length > 1);
  expect(one.errors[1]).toMatch(/: (EIO|EBADF): the port is gone/);
  cable = new NullModem();
  rmSync(device);
  symlinkSync(cable.paths[0], device);
  await greet(one, end(cable.paths[1]), "back");
});

test("a port in use by another program is left alone until that one has ended", async () => {
  const first = end(cable.paths[0]);
  const other = end(cable.paths[1]);
  await greet(first, other);
  const second = end(cable.paths[0]);
  await until("it complains", () => second.errors.length > 0);
  expect(second.errors).toEqual([expect.stringContaining("EBUSY")]);
  await greet(first, other, "undisturbed");
  await first.medium.close();
  await greet(second, other, "taken over");
  expect(second.errors).toHaveLength(1);
});

test("something that is no serial port is refused with its reason", async () => {
  const one = end("/dev/null");
  await until("it complains", () => one.errors.length > 0);
  expect(one.errors).toEqual([expect.stringMatching(/^serial: .*ENOTTY/)]);
});

test("noise is skipped; much of it is said once, and again only after something was heard", async () => {
  const [one, other] = pair();
  await greet(one, other);
  cable.disturb(1, latin1Bytes("~~~~ half a frame\n"));
  await greet(one, other, "behind noise");
  expect(other.errors).toEqual([]);
  for (const round of [1, 2]) {
    for (let count = 0; count < 20; count++) cable.disturb(1, latin1Bytes("\x00\xff".repeat(200)));
    await until("it complains", () => other.errors.length === round);
    await greet(one, other, `round ${round}`);
  }
  expect(other.errors[1]).toMatch(/: EBADMSG: what comes in is no heartbeat, or not at 115200 baud$/);
});

test("an other end that does not read: the newest status survives, the rest is bounded, and it is said once", async () => {
  const [one, other] = pair(460_800);
  await greet(one, other);
  cable.hold(0, true);
  // A pty takes some 70 kB before it is full.
  for (let count = 0; count < 3000; count++) {
    one.medium.send(frame(`message ${count} ${"x".repeat(200)}`));
    one.medium.send(frame(`status ${count}`), "status");
  }
  await until("both errors are said", () => one.errors.length === 2);
  expect(one.errors[0]).toMatch(/: ENOBUFS: frames dropped: 460800 baud carry less than is sent$/);
  expect(one.errors[1]).toMatch(/: ETIMEDOUT: TTY write timeout \(no connection or bad cable\?\)$/);
  one.medium.send(frame("newest status"), "status");
  const before = other.heard.length;
  cable.hold(0, false);
  await until("the newest status is heard", () => other.heard.includes("newest status"));
  // What the kernel had already taken comes first; of what waited, nothing.
  expect(other.heard.indexOf("newest status") - before).toBeLessThan(400);
  expect(other.heard).not.toContain("damaged");
}, 30_000);

test("it does not end before its last words are out", async () => {
  const [one, other] = pair(19_200);
  await greet(one, other);
  // More than a second's worth before them.
  for (let count = 0; count < 8; count++) one.medium.send(frame(`${count} ${"x".repeat(200)}`));
  one.medium.send(frame("last words"));
  await one.medium.close();
  await until("the last words are heard", () => other.heard.includes("last words"));
});

test("a line is sent no faster than it can carry", async () => {
  const [one, other] = pair(19_200);
  await greet(one, other);
  const began = performance.now();
  const before = cable.carried[0];
  for (let count = 0; count < 5; count++) one.medium.send(frame(`${count} ${"x".repeat(600)}`));
  await until("all are heard", () => other.heard.some((text) => text.startsWith("4 ")));
  const bytes = cable.carried[0] - before;
  expect(bytes).toBeGreaterThan(3000);
  // The last piece is handed over before its time has passed.
  expect(performance.now() - began).toBeGreaterThan(((bytes - 512) * 10_000) / 19_200);
});
