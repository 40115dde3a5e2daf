// The serial medium on a port made of memory: what a pty cannot show. Modem lines, a port that keeps what it was given, one
// that fails while it is used, and how much is handed to it at once.

import { afterEach, expect, test } from "vitest";
import { SerialMedium } from "../../../firmware/adapters/serial-medium.ts";
import { otherEndPresence, type SerialPort } from "../../../firmware/adapters/serial-port.ts";
import type { ModemLines } from "../../../native/serial/index.ts";
import { until } from "../../support/until.ts";

class FakePort implements SerialPort {
  readonly written: Uint8Array[] = [];
  stuck = false;
  kept = 0;
  asked = 0;
  closed = false;
  changed: (present: boolean) => void = () => {};
  failed: (error: Error) => void = () => {};
  #end: (error: Error) => void = () => {};

  read(): Promise<Uint8Array> {
    return new Promise((_, reject) => {
      this.#end = reject;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.written.push(bytes.slice());
    if (this.stuck) this.kept += bytes.length;
  }

  unsent(): number {
    this.asked += 1;
    return this.kept;
  }

  watch(changed: (present: boolean) => void, failed: (error: Error) => void): void {
    this.changed = changed;
    this.failed = failed;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.#end(new Error("closed"));
  }
}

const open: SerialMedium[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((medium) => medium.close()));
});

/** A medium at 115200 baud whose every opening gives a new port; `said` is what it reports. */
async function medium() {
  const ports: FakePort[] = [];
  const said: string[] = [];
  const options = { device: "/dev/ttyS1", baud: 115_200, patience: 400 };
  const serial = new SerialMedium("serial /dev/ttyS1", options, async () => {
    const port = new FakePort();
    ports.push(port);
    return port;
  });
  open.push(serial);
  serial.open({
    frame: () => said.push("a frame"),
    error: (message) => said.push(message),
    carrier: (link, up) => said.push(`${link} ${up ? "up" : "down"}`),
  });
  const port = async (index: number): Promise<FakePort> => {
    await until(`port ${index} is open`, () => ports[index]?.watch !== undefined);
    return ports[index] ?? new FakePort();
  };
  return { serial, said, port };
}

test("the other end's going and coming back is said, its being there at first is not", async () => {
  const { said, port } = await medium();
  const { changed } = await port(0);
  changed(true);
  expect(said).toEqual([]);
  changed(false);
  changed(true);
  expect(said).toEqual(["/dev/ttyS1 down", "/dev/ttyS1 up"]);
});

test("a long frame is handed over in pieces of 512 bytes, the next one when the last one has left", async () => {
  const { serial, port } = await medium();
  const fake = await port(0);
  fake.stuck = true;
  serial.send(new Uint8Array(1200).fill(65));
  serial.send(new Uint8Array(10).fill(66));
  await until("the first piece is written", () => fake.written.length === 1);
  await until("it has looked several times whether that has left", () => fake.asked > 3);
  expect(fake.written.map(({ length }) => length)).toEqual([512]);
  fake.stuck = false;
  fake.kept = 0;
  await until("all is written", () => fake.written.length === 4);
  expect(fake.written.map(({ length }) => length)).toEqual([512, 512, 176, 10]);
});

test("it ends although nothing leaves the port", async () => {
  const { serial, port } = await medium();
  const fake = await port(0);
  fake.stuck = true;
  for (let count = 0; count < 100; count++) serial.send(new Uint8Array(10).fill(count));
  await until("the first frame is written", () => fake.written.length === 1);
  await serial.close();
  expect(fake.closed).toBe(true);
});

test("a port that fails while it is watched is closed, and opened again without the frames that waited", async () => {
  const { serial, said, port } = await medium();
  const first = await port(0);
  first.stuck = true;
  serial.send(new Uint8Array(10));
  serial.send(new Uint8Array(20));
  await until("the first frame is written", () => first.written.length === 1);
  first.failed(Object.assign(new Error("serial: /dev/ttyS1: EIO: gone"), { code: "EIO" }));
  const second = await port(1);
  expect(first.closed).toBe(true);
  expect(said).toEqual(["serial: /dev/ttyS1: EIO: gone"]);
  serial.send(new Uint8Array(30));
  await until("the new frame is written", () => second.written.length > 0);
  expect(second.written.map(({ length }) => length)).toEqual([30]);
});

const none: ModemLines = { cts: false, dsr: false, dcd: false, ri: false, rts: true, dtr: true };
const rows: readonly [string, readonly Partial<ModemLines>[], readonly boolean[]][] = [
  [
    "a full null-modem cable: DTR shows as DSR and DCD",
    [{ cts: true, dsr: true, dcd: true }, {}],
    [true, false],
  ],
  ["the other end's DTR crossed to DSR alone", [{ dsr: true }, {}, { dsr: true }], [true, false, true]],
  ["a full receiver takes CTS down and stays", [{ cts: true, dsr: true }, { dsr: true }], [true, true]],
  ["a cable of RTS and CTS alone", [{ cts: true }, {}, { cts: true }], [true, false, true]],
  [
    "CTS left standing does not hide that DTR has gone",
    [{ cts: true, dcd: true }, { cts: true }],
    [true, false],
  ],
  ["nobody there", [{}, {}], [false, false]],
];
test.each(rows)("%s", (_, states, expected) => {
  const presence = otherEndPresence();
  expect(states.map((lines) => presence({ ...none, ...lines }))).toEqual(expected);
});
