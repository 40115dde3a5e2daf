// The contract of native/arp on a real kernel: two stations on one cable, each in a network namespace of its own.
// The announcements are compared byte for byte with golden frames, written out after RFC 826, RFC 5227 section 3 (request) and
// Linux-HA's send_arp (reply), as a packet socket of Python's saw them on the other end of the cable.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Lab, type Namespace, reasonToSkip } from "../support/netns.ts";
import { loadIn, type Remote } from "../support/remote.ts";
import type * as Station from "./arp-station.ts";
import type { Heard } from "./arp-station.ts";

const reason = reasonToSkip("arp addon");

const station = new URL("arp-station.ts", import.meta.url);
const golden = new URL("../golden/arp/", import.meta.url);
const macA = "02:00:00:00:00:0a";
const macB = "02:00:00:00:00:0b";

type ArpStation = Remote<typeof Station, Heard>;

/** Ethernet's and ARP's fields of a well-formed request, as a hex string per field. */
const wellFormed = {
  destination: "ffffffffffff",
  source: "02000000000b",
  etherType: "0806",
  hardwareType: "0001",
  protocolType: "0800",
  hardwareLength: "06",
  protocolLength: "04",
  operation: "0002",
  senderMac: "02000000000b",
  senderAddress: "0a000032",
  targetMac: "02000000000a",
  targetAddress: "0a000001",
};

/** Sends raw frames (hex) out of an interface; a packet socket of another language, so that nothing of ours checks itself. */
async function sendRaw(
  namespace: Namespace,
  interfaceName: string,
  frames: readonly string[],
): Promise<void> {
  const program = `import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for frame in sys.argv[2:]: s.send(bytes.fromhex(frame))`;
  await namespace.run(["python3", "-c", program, interfaceName, ...frames]);
}

/** Captures one ARP frame: resolves once the capture has begun, to a promise of the frame's bytes as hex. */
async function capture(namespace: Namespace, interfaceName: string): Promise<{ frame: Promise<string> }> {
  const program = `import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
s.bind((sys.argv[1], 0x0806))
print("ready", flush=True)
print(s.recv(2048).hex())`;
  const child = namespace.spawn(["python3", "-c", program, interfaceName], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout ?? Readable.from([]) })[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: "ready" });
  return { frame: lines.next().then(({ value }) => String(value)) };
}

describe.skipIf(reason !== undefined)("ARP on a cable between two namespaces", () => {
  let lab: Lab;
  let a: Namespace;
  let b: Namespace;
  let stationA: ArpStation;
  let stationB: ArpStation;

  beforeAll(async () => {
    lab = await Lab.create();
    [a, b] = [await lab.namespace("a"), await lab.namespace("b")];
  });
  afterAll(async () => {
    await lab?.dispose();
  });

  beforeEach(async () => {
    await lab.veth(
      { namespace: a, interface: "eth0", mac: macA },
      { namespace: b, interface: "eth1", mac: macB },
    );
    [stationA, stationB] = [await loadIn(a, station), await loadIn(b, station)];
  });
  afterEach(async () => {
    await Promise.all([stationA.close(), stationB.close()]);
    await a.exec(["ip", "link", "del", "eth0"]);
  });

  /** Waits until station A has heard as much, then returns all of it. */
  async function heardByA(count: number): Promise<Heard[]> {
    await expect
      .poll(() => stationA.events.length, { timeout: 5_000, interval: 5 })
      .toBeGreaterThanOrEqual(count);
    return stationA.events;
  }

  it("knows the hardware address of its interface", async () => {
    expect(await stationA.call("open", "eth0")).toBe(macA);
  });

  it.each(["request", "reply"] as const)(
    "announces an address in the %s form, byte for byte",
    async (form) => {
      await stationB.call("open", "eth1");
      const { frame } = await capture(a, "eth0");
      await stationB.call("announce", "192.168.140.150", form);
      const wanted = await readFile(new URL(`${form}.hex`, golden), "utf8");
      expect(await frame).toBe(wanted.replaceAll(/#.*|\s/g, ""));
    },
  );

  it("hears a rival that claims an address", async () => {
    await stationA.call("open", "eth0");
    await stationA.call("watch");
    await stationB.call("open", "eth1");
    await stationB.call("announce", "10.0.0.50", "request");
    await stationB.call("announce", "10.0.0.50", "reply");
    const claim = { senderMac: macB, senderAddress: "10.0.0.50", targetAddress: "10.0.0.50" };
    expect(await heardByA(2)).toEqual([
      { packet: { operation: "request", ...claim, targetMac: "00:00:00:00:00:00" } },
      { packet: { operation: "reply", ...claim, targetMac: "ff:ff:ff:ff:ff:ff" } },
    ]);
  });

  it("does not report what this box sends itself", async () => {
    await stationA.call("open", "eth0");
    await stationA.call("watch");
    await stationB.call("open", "eth1");
    await stationA.call("announce", "10.0.0.1", "request");
    await stationB.call("announce", "10.0.0.2", "request");
    expect(await heardByA(1)).toMatchObject([{ packet: { senderAddress: "10.0.0.2" } }]);
  });

  it("ignores short, foreign and unknown frames", async () => {
    await stationA.call("open", "eth0");
    await stationA.call("watch");
    const frame = (changed: Partial<typeof wellFormed>): string =>
      Object.values({ ...wellFormed, ...changed }).join("");
    const whole = frame({});
    await sendRaw(b, "eth1", [
      ...[14, 15, 20, 27, 41].map((length) => whole.slice(0, 2 * length)),
      frame({ hardwareType: "0006" }),
      frame({ protocolType: "86dd" }),
      frame({ hardwareLength: "08" }),
      frame({ protocolLength: "10" }),
      ...["0000", "0003", "0102", "ffff"].map((operation) => frame({ operation })),
      frame({ etherType: "0800" }),
      `${whole}${"00".repeat(200)}`,
    ]);
    expect(await heardByA(1)).toEqual([
      {
        packet: {
          operation: "reply",
          senderMac: macB,
          senderAddress: "10.0.0.50",
          targetMac: macA,
          targetAddress: "10.0.0.1",
        },
      },
    ]);
  });

  it("hears every packet of a flood in order", async () => {
    await stationA.call("open", "eth0");
    await stationA.call("watch");
    await stationB.call("open", "eth1");
    const addresses = Array.from({ length: 200 }, (_, index) => `10.0.1.${index}`);
    for (const address of addresses) await stationB.call("announce", address, "reply");
    const heard = await heardByA(addresses.length);
    expect(heard.map((each) => ("packet" in each ? each.packet.senderAddress : each.error))).toEqual(
      addresses,
    );
  });

  it("reports an interface that goes down, and hears again when it is back", async () => {
    await stationA.call("open", "eth0");
    await stationA.call("watch");
    await stationB.call("open", "eth1");
    await a.run(["ip", "link", "set", "eth0", "down"]);
    expect(await heardByA(1)).toEqual([{ error: "arp: receive on eth0: ENETDOWN (Network is down)" }]);
    await expect(stationA.call("announce", "10.0.0.1", "reply")).rejects.toMatchObject({
      code: "ENETDOWN",
      message: "arp: announce 10.0.0.1 (reply) on eth0: ENETDOWN (Network is down)",
    });
    await a.run(["ip", "link", "set", "eth0", "up"]);
    await stationB.call("announce", "10.0.0.2", "reply");
    expect((await heardByA(2))[1]).toMatchObject({ packet: { senderAddress: "10.0.0.2" } });
  });

  it("reports an interface that is removed, and stays usable to say so", async () => {
    await stationA.call("open", "eth0");
    await stationA.call("watch");
    await a.run(["ip", "link", "del", "eth0"]);
    expect(await heardByA(1)).toEqual([{ error: "arp: receive on eth0: ENETDOWN (Network is down)" }]);
    await expect(stationA.call("announce", "10.0.0.1", "request")).rejects.toMatchObject({ code: "ENODEV" });
  });

  it("refuses in words what cannot be opened or announced", async () => {
    await expect(stationA.call("open", "eth9")).rejects.toMatchObject({
      code: "ENODEV",
      message: "arp: open eth9: ENODEV (No such device)",
    });
    await expect(stationA.call("open", "lo")).rejects.toMatchObject({
      code: "EAFNOSUPPORT",
      message: expect.stringContaining("hardware type 772 is not Ethernet (1)"),
    });
    await stationA.call("open", "eth0");
    await expect(stationA.call("announce", "10.0.0.256", "reply")).rejects.toMatchObject({
      code: "EINVAL",
      message: "arp: announce 10.0.0.256 (reply) on eth0: EINVAL (Invalid argument): not an IPv4 address",
    });
    await stationA.call("close");
    await expect(stationA.call("announce", "10.0.0.1", "reply")).rejects.toMatchObject({ code: "EBADF" });
  });

  it("refuses in words without the capability to send raw packets", async () => {
    const powerless = await loadIn<typeof Station>(a, station, [
      "setpriv",
      "--bounding-set=-all",
      "--inh-caps=-all",
    ]);
    await expect(powerless.call("open", "eth0")).rejects.toMatchObject({
      code: "EPERM",
      message: "arp: open eth0: EPERM (Operation not permitted)",
    });
    await powerless.close();
  });
});
