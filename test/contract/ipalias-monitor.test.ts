// The contract of native/ipalias' monitor on a real kernel: what happens to links, addresses and routes is reported,
// whoever did it, and nothing is lost silently (netlink(7), ENOBUFS).

import { beforeEach, describe, expect, it } from "vitest";
import { reason, useBox, vip } from "./ipalias-lab.ts";

describe.skipIf(reason !== undefined)("monitor of a box", () => {
  const box = useBox();

  const matching = (wanted: object): number => {
    const found = box().remote.events.filter((change) => {
      const text = JSON.stringify(change);
      return Object.entries(wanted).every(([key, value]) =>
        text.includes(`"${key}":${JSON.stringify(value)}`),
      );
    });
    return found.length;
  };
  const seen = async (wanted: object): Promise<void> => {
    const options = { timeout: 5_000, interval: 5, message: `an event with ${JSON.stringify(wanted)}` };
    await expect.poll(() => matching(wanted), options).toBeGreaterThan(0);
  };

  beforeEach(async () => {
    await box().remote.call("openMonitor");
  });

  it("reports that the carrier went and came back", async () => {
    await box().peer.run(["ip", "link", "set", "eth0", "down"]);
    await seen({ name: "eth0", up: true, carrier: false });
    await box().peer.run(["ip", "link", "set", "eth0", "up"]);
    await seen({ name: "eth0", up: true, carrier: true });
  });

  it("reports a link that appears and one that is removed", async () => {
    await box().ip("link add br0 up type bridge");
    await seen({ name: "br0", kind: "bridge", up: true });
    await box().ip("link set eth0 master br0");
    await box().ip("link set eth0 nomaster");
    await box().ip("link del br0");
    await seen({ name: "br0", up: false, carrier: false });
    expect(matching({ name: "eth0", up: false })).toBe(0);
  });

  it("reports that addresses changed, by others and by this process", async () => {
    await box().ip("addr add 10.0.0.1/24 dev eth0");
    await seen({ changed: "addresses" });
    await seen({ changed: "routes" });
    const before = box().remote.events.length;
    await box().remote.call("deleteAddress", { interface: "eth0", address: "10.0.0.1", prefixLength: 24 });
    await expect
      .poll(() => box().remote.events.slice(before), { timeout: 5_000, interval: 5 })
      .toContainEqual({
        changed: "addresses",
      });
  });

  it("reports everything after the kernel had to drop notifications", async () => {
    await box().remote.call("overrunMonitor", vip, 2_000);
    await seen({ name: "lo" });
    await seen({ name: "eth0", up: true, carrier: true });
    await seen({ changed: "addresses" });
    await seen({ changed: "routes" });
    expect(box().remote.events.filter((change) => "error" in change)).toEqual([]);
  });

  it("is silent after it was closed, and lets the process end", async () => {
    await box().remote.call("closeMonitor");
    await box().remote.call("addAddress", vip);
    await box().remote.call("listAddresses");
    await box().remote.close();
    expect(box().remote.events).toEqual([]);
  });
});
