// The contract of native/ipalias for links and routes on a real kernel: what is listed, changed, looked up and refused.
// The main table and unicast routes only: ip-route(8) shows the same.

import { beforeEach, describe, expect, it } from "vitest";
import { reason, useBox } from "./ipalias-lab.ts";

describe.skipIf(reason !== undefined)("links of a box", () => {
  const box = useBox();

  it("lists them with kind, state and hardware address", async () => {
    await box().ip("link add br0 mtu 1400 address 02:00:00:00:00:0c type bridge");
    const index = expect.any(Number);
    expect(await box().remote.call("listLinks")).toEqual([
      {
        index: 1,
        name: "lo",
        mac: "00:00:00:00:00:00",
        mtu: 65536,
        up: true,
        carrier: true,
        loopback: true,
      },
      {
        ...{ index, name: "eth0", kind: "veth", mac: "02:00:00:00:00:0a", mtu: 1500 },
        ...{ up: true, carrier: true, loopback: false },
      },
      {
        ...{ index, name: "br0", kind: "bridge", mac: "02:00:00:00:00:0c", mtu: 1400 },
        ...{ up: false, carrier: false, loopback: false },
      },
    ]);
  });

  it("sets a link down and up", async () => {
    await box().remote.call("setLinkUp", "eth0", false);
    expect(await box().ip("-br link show eth0")).toMatch(/ DOWN /);
    await box().remote.call("setLinkUp", "eth0", true);
    await box().remote.call("setLinkUp", "eth0", true);
    expect(await box().ip("link show eth0")).toContain("UP,LOWER_UP");
    await expect(box().remote.call("setLinkUp", "eth7", true)).rejects.toMatchObject({
      code: "ENODEV",
      message: "ipalias: set eth7 up: ENODEV (No such device)",
    });
  });
});

describe.skipIf(reason !== undefined)("routes of a box", () => {
  const box = useBox();

  beforeEach(async () => {
    await box().ip("addr add 10.0.0.1/24 dev eth0");
  });

  it("adds a default route, and replaces the one with the same metric", async () => {
    await box().remote.call("addDefaultRoute", { gateway: "10.0.0.253" });
    await box().remote.call("addDefaultRoute", { gateway: "10.0.0.254" });
    await box().remote.call("addDefaultRoute", { gateway: "10.0.0.250", interface: "eth0", metric: 7 });
    expect(await box().ipJson("route show default")).toEqual([
      { dst: "default", gateway: "10.0.0.254", dev: "eth0", protocol: "static", flags: [] },
      { dst: "default", gateway: "10.0.0.250", dev: "eth0", protocol: "static", metric: 7, flags: [] },
    ]);
  });

  it("says in words why a default route was refused", async () => {
    await expect(box().remote.call("addDefaultRoute", { gateway: "10.9.0.1" })).rejects.toMatchObject({
      code: "ENETUNREACH",
      message: expect.stringMatching(
        /^ipalias: add the default route via 10\.9\.0\.1: ENETUNREACH \(Network is unreachable\)/,
      ),
    });
    await expect(
      box().remote.call("addDefaultRoute", { gateway: "10.0.0.254", interface: "eth7" }),
    ).rejects.toMatchObject({
      code: "ENODEV",
      message: "ipalias: add the default route via 10.0.0.254 on eth7: ENODEV (No such device)",
    });
  });

  it("lists unicast routes of the main table, each next hop of a multipath route in a row", async () => {
    for (const route of [
      "10.5.0.0/16 via 10.0.0.254 metric 30",
      "10.6.0.0/16 nexthop via 10.0.0.2 weight 1 nexthop via 10.0.0.3 weight 2",
      "blackhole 10.7.0.0/16",
      "10.8.0.0/16 via 10.0.0.254 table 300",
    ]) {
      await box().ip(`route add ${route}`);
    }
    const listed = await box().remote.call("listRoutes");
    expect(listed.filter(({ destination }) => destination.startsWith("10."))).toEqual([
      { destination: "10.0.0.0", prefixLength: 24, interface: "eth0", source: "10.0.0.1" },
      { destination: "10.5.0.0", prefixLength: 16, interface: "eth0", gateway: "10.0.0.254", metric: 30 },
      { destination: "10.6.0.0", prefixLength: 16, interface: "eth0", gateway: "10.0.0.2" },
      { destination: "10.6.0.0", prefixLength: 16, interface: "eth0", gateway: "10.0.0.3" },
    ]);
  });

  it("looks up how a packet would leave", async () => {
    await expect(box().remote.call("lookUpRoute", "10.9.0.1")).rejects.toMatchObject({
      code: "ENETUNREACH",
      message: expect.stringMatching(
        /^ipalias: look up the route to 10\.9\.0\.1: ENETUNREACH \(Network is unreachable\)/,
      ),
    });
    await box().remote.call("addDefaultRoute", { gateway: "10.0.0.254" });
    expect(await box().remote.call("lookUpRoute", "10.9.0.1")).toEqual({
      interface: "eth0",
      source: "10.0.0.1",
      gateway: "10.0.0.254",
    });
    expect(await box().remote.call("lookUpRoute", "10.0.0.2")).toEqual({
      interface: "eth0",
      source: "10.0.0.1",
    });
    expect(await box().remote.call("lookUpRoute", "10.0.0.1")).toEqual({
      interface: "lo",
      source: "10.0.0.1",
    });
  });
});
