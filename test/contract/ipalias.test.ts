// The contract of native/ipalias for addresses on a real kernel: what is added, listed, deleted and refused.
// Secondary addresses: the kernel's Documentation/networking/ip-sysctl.rst, promote_secondaries.

import { describe, expect, it } from "vitest";
import { type BoxUnderTest, reason, useBox, vip } from "./ipalias-lab.ts";

/** The members of `ip -j addr` that are compared. */
interface IpAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly broadcast?: string;
  readonly scope: string;
  readonly label?: string;
}

async function ipAddresses(box: BoxUnderTest, interfaceName: string): Promise<IpAddress[]> {
  const [link] = await box.ipJson<[{ addr_info: IpAddress[] }]>(`addr show dev ${interfaceName}`);
  return link.addr_info.map(({ family, local, prefixlen, broadcast, scope, label }) => ({
    ...{ family, local, prefixlen, scope },
    ...(broadcast !== undefined && { broadcast }),
    ...(label !== undefined && { label }),
  }));
}

describe.skipIf(reason !== undefined)("addresses of a box", () => {
  const box = useBox();

  it("adds an address with broadcast and label, and deletes it", async () => {
    await box().remote.call("addAddress", { ...vip, broadcast: "192.168.140.255", label: "eth0:1" });
    expect(await ipAddresses(box(), "eth0")).toEqual([
      {
        family: "inet",
        local: vip.address,
        prefixlen: 24,
        broadcast: "192.168.140.255",
        scope: "global",
        label: "eth0:1",
      },
    ]);
    await box().remote.call("deleteAddress", vip);
    expect(await ipAddresses(box(), "eth0")).toEqual([]);
  });

  it("adds an IPv6 address and deletes it", async () => {
    await box().sysctl("net.ipv6.conf.eth0.disable_ipv6=0");
    const address = { interface: "eth0", address: "fd00::150", prefixLength: 64 };
    await box().remote.call("addAddress", address);
    expect(await ipAddresses(box(), "eth0")).toContainEqual(
      expect.objectContaining({ family: "inet6", local: "fd00::150", prefixlen: 64, scope: "global" }),
    );
    expect(await box().remote.call("listAddresses")).toContainEqual({
      ...address,
      family: 6,
      scope: "global",
      secondary: false,
    });
    await box().remote.call("deleteAddress", address);
    expect(await ipAddresses(box(), "eth0")).not.toContainEqual(
      expect.objectContaining({ local: "fd00::150" }),
    );
  });

  it("puts an address of 127.0.0.0/8 in the scope of the host", async () => {
    await box().remote.call("addAddress", { interface: "lo", address: "127.0.0.9", prefixLength: 32 });
    expect(await ipAddresses(box(), "lo")).toContainEqual(
      expect.objectContaining({ local: "127.0.0.9", scope: "host" }),
    );
  });

  it("lists what ip(8) added, secondaries marked", async () => {
    await box().ip("addr add 10.0.0.1/24 broadcast 10.0.0.255 dev eth0");
    await box().ip("addr add 10.0.0.2/24 label eth0:vip dev eth0");
    await box().ip("addr add 10.0.0.3 peer 10.9.9.9/32 scope link dev eth0");
    const common = { interface: "eth0", family: 4, prefixLength: 24, scope: "global" };
    const listed = await box().remote.call("listAddresses");
    const ofInterface = listed.filter((address) => address.interface === "eth0" && address.family === 4);
    expect(ofInterface.toSorted((one, other) => one.address.localeCompare(other.address))).toEqual([
      { ...common, address: "10.0.0.1", broadcast: "10.0.0.255", label: "eth0", secondary: false },
      { ...common, address: "10.0.0.2", label: "eth0:vip", secondary: true },
      { ...common, address: "10.0.0.3", prefixLength: 32, label: "eth0", scope: "link", secondary: false },
    ]);
  });

  it("lists more addresses than one datagram holds", async () => {
    const commands = Array.from({ length: 1000 }, (_, n) => `addr add 10.1.${n >> 8}.${n & 255}/32 dev eth0`);
    expect(await box().namespace.exec(["ip", "-batch", "-"], commands.join("\n"))).toMatchObject({
      code: 0,
      stderr: "",
    });
    const listed = await box().remote.call("listAddresses");
    const found = listed.filter((address) => address.interface === "eth0").map(({ address }) => address);
    expect(new Set(found).size).toBe(commands.length);
  });

  it.each([
    [0, []],
    [1, ["10.0.0.2", "10.0.0.3"]],
  ])(
    "deletes a primary address: with promote_secondaries=%i its secondaries left are %j",
    async (setting, left) => {
      await box().sysctl(`net.ipv4.conf.eth0.promote_secondaries=${setting}`);
      await box().sysctl("net.ipv4.conf.all.promote_secondaries=0");
      for (const address of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) {
        await box().remote.call("addAddress", { interface: "eth0", address, prefixLength: 24 });
      }
      await box().remote.call("deleteAddress", { interface: "eth0", address: "10.0.0.1", prefixLength: 24 });
      expect((await ipAddresses(box(), "eth0")).map(({ local }) => local)).toEqual(left);
    },
  );

  it("says in words why it refused", async () => {
    await box().remote.call("addAddress", vip);
    await expect(box().remote.call("addAddress", vip)).rejects.toMatchObject({
      code: "EEXIST",
      message: expect.stringMatching(/^ipalias: add 192\.168\.140\.150\/24 to eth0: EEXIST \(File exists\)/),
    });
    await expect(box().remote.call("addAddress", { ...vip, interface: "eth7" })).rejects.toMatchObject({
      code: "ENODEV",
      message: "ipalias: add 192.168.140.150/24 to eth7: ENODEV (No such device)",
    });
    await expect(
      box().remote.call("deleteAddress", { ...vip, address: "192.168.140.151" }),
    ).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
      message: expect.stringMatching(
        /^ipalias: delete 192\.168\.140\.151\/24 from eth0: EADDRNOTAVAIL \(Cannot assign requested address\)/,
      ),
    });
    await expect(box().remote.call("deleteAddress", { ...vip, prefixLength: 32 })).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
    });
  });

  it.each([
    [{ address: "192.168.140.1500" }, '"192.168.140.1500" is not an IP address'],
    [{ address: "" }, '"" is not an IP address'],
    [{ prefixLength: 33 }, "the prefix length must be 0 to 32"],
    [{ address: "fd00::1", prefixLength: 129 }, "the prefix length must be 0 to 128"],
    [{ broadcast: "192.168.140" }, 'broadcast "192.168.140" is not an IPv4 address'],
    [{ address: "fd00::1", broadcast: "10.0.0.255" }, "an IPv6 address has no broadcast address"],
  ])("refuses %j before asking the kernel", async (wrong, words) => {
    await expect(box().remote.call("addAddress", { ...vip, ...wrong })).rejects.toMatchObject({
      code: "EINVAL",
      message: expect.stringContaining(words),
    });
  });

  it("refuses a label that no message can hold, and passes on what the kernel says about a long one", async () => {
    await expect(
      box().remote.call("addAddress", { ...vip, label: `eth0:${"x".repeat(70_000)}` }),
    ).rejects.toMatchObject({
      code: "EMSGSIZE",
    });
    await expect(
      box().remote.call("addAddress", { ...vip, label: "eth0:a-long-label" }),
    ).rejects.toMatchObject({
      code: "ERANGE",
      message: expect.stringContaining(
        "ERANGE (Numerical result out of range): Attribute failed policy validation",
      ),
    });
  });

  it("refuses in words without the capability to administer the network", async () => {
    const powerless = await box().powerless();
    await expect(powerless.call("addAddress", vip)).rejects.toMatchObject({
      code: "EPERM",
      message: "ipalias: add 192.168.140.150/24 to eth0: EPERM (Operation not permitted)",
    });
    expect(await powerless.call("listLinks")).toHaveLength(2);
  });
});
