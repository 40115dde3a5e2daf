// The words of a haresources line in all their short forms, and whatever else people may write there.

import fc from "fast-check";
import { expect, test } from "vitest";
import { readWord } from "../../../firmware/core/config/haresources.ts";

const address = "192.168.85.3";
const read = (word: string) => {
  const reading = readWord(word);
  return reading.ok ? reading.resource : reading.reason;
};

test.each([
  [address, {}],
  [`${address}/27`, { prefixLength: 27 }],
  [`${address}/27/eth0`, { prefixLength: 27, interface: "eth0" }],
  [`${address}/27/192.168.85.16`, { prefixLength: 27, broadcast: "192.168.85.16" }],
  [`${address}/27/eth0/192.168.85.16`, { prefixLength: 27, interface: "eth0", broadcast: "192.168.85.16" }],
  [`IPaddr::${address}`, {}],
  [`IPaddr::${address}/24/eth0`, { prefixLength: 24, interface: "eth0" }],
  [`IPaddr2::${address}/24`, { prefixLength: 24 }],
  [`${address}/255.255.255.224`, { prefixLength: 27 }],
  [`IPaddr::${address}/255.255.255.255/eth0`, { prefixLength: 32, interface: "eth0" }],
  [
    `IPaddr2::${address}/24/eth0:web/192.168.85.16`,
    { prefixLength: 24, interface: "eth0", label: "web", broadcast: "192.168.85.16" },
  ],
])("%s is an address", (word, parts) => {
  expect(read(word)).toEqual({ kind: "address", word, address, ...parts });
});

test("an IPv6 address is an address and no script", () => {
  const expected = { kind: "address", address: "2001:db8::1", prefixLength: 64, interface: "eth0" };
  for (const word of ["2001:db8::1/64/eth0", "IPv6addr::2001:DB8:0::1/64/eth0"])
    expect(read(word)).toEqual({ ...expected, word });
});

test.each([
  ["httpd", "httpd", []],
  ["maid::vacuum", "maid", ["vacuum"]],
  ["drbddisk::r0::", "drbddisk", ["r0", ""]],
  ["Filesystem::/dev/sda1::/data::ext4", "Filesystem", ["/dev/sda1", "/data", "ext4"]],
  ["OCF::Dummy::one", "OCF", ["Dummy", "one"]],
  ["/usr/local/sbin/feed::fast", "/usr/local/sbin/feed", ["fast"]],
])("%s is a script with its arguments", (word, name, args) => {
  expect(read(word)).toEqual({ kind: "script", word, name, args });
});

test.each([
  ["ocf:heartbeat:Dummy", "heartbeat", "Dummy", []],
  [
    "ocf:heartbeat:Filesystem::device=/dev/sda1::options=a=b:c",
    "heartbeat",
    "Filesystem",
    [
      ["device", "/dev/sda1"],
      ["options", "a=b:c"],
    ],
  ],
  ["ocf:site:agent.v2::empty=", "site", "agent.v2", [["empty", ""]]],
])("%s is an OCF agent with its parameters", (word, provider, agent, parameters) => {
  expect(read(word)).toEqual({ kind: "ocf", word, provider, agent, parameters });
});

test("traffic is the director's own resource", () => {
  expect(read("traffic")).toEqual({ kind: "traffic", word: "traffic" });
});

test.each([
  ["192.168.85.3/0", /"0" is not a prefix length of 1 to 32/],
  ["192.168.85.3/255.0.255.0", /"255.0.255.0" is not a prefix length of 1 to 32 or a netmask/],
  ["192.168.85.3/0.0.0.0", /"0.0.0.0" is not a prefix length/],
  ["2001:db8::1/255.255.255.0", /is not a prefix length of 1 to 128 \(/],
  ["192.168.85.3/24/eth0:web:2", /is not the name of a network interface/],
  ["192.168.85.3/24/eth0:label-too-long", /is not the name of a network interface/],
  ["192.168.85", /is not an IPv4 or IPv6 address/],
  ["IPaddr::", /"" is not an IPv4 or IPv6 address/],
  ["192.168.85.3/24//", /"" is not the name of a network interface/],
  ["192.168.85.3/24/an-interface-too-long", /is not the name of a network interface/],
  ["192.168.85.3/24/eth0/eth1", /"eth1" is not an IPv4 broadcast address/],
  ["192.168.85.3/24/2001:db8::ff", /is not an IPv4 broadcast address/],
  ["2001:db8::1/64/eth0/10.0.0.255", /IPv6 has no broadcast addresses/],
  ["/etc/../bin/sh", /neither an address/],
  ["/etc/init.d/", /neither an address/],
  ["ocf:heartbeat", /"ocf:heartbeat" does not name an OCF agent/],
  ["ocf:heartbeat:..", /does not name an OCF agent/],
  ["ocf:heartbeat:Dummy::state", /"state" is not a parameter/],
  ["ocf:heartbeat:Dummy::a=1::a=2", /the parameter a is given twice/],
  ["../sh", /neither an address/],
  ["", /neither an address/],
  ["httpd smb", /one word/],
])("%j is refused", (word, reason) => {
  expect(read(word)).toMatch(reason);
});

/** Pieces of which real words consist, in any order: nearer to the edges of the grammar than random text. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "IPaddr::",
        "IPaddr2::",
        "::",
        ":",
        "/",
        "ocf:",
        "=",
        "traffic",
        "httpd",
        "eth0",
        "..",
        "%",
      ),
      fc.constantFrom(
        "192.168.85.3",
        "255.255.255.0",
        "2001:db8::1",
        "24",
        "0",
        "heartbeat:Dummy",
        "\u00e9",
        " ",
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

test("whatever a word is, it is read or refused with a reason, and what is read keeps the word", () => {
  fc.assert(
    fc.property(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 200 })), (word) => {
      const reading = readWord(word);
      if (!reading.ok) return reading.reason.length > 10;
      expect(reading.resource.word).toBe(word);
      return true;
    }),
    { numRuns: 2000 },
  );
});

test("no program outside the directories of resource scripts is reached by a relative name", () => {
  fc.assert(
    fc.property(pieces, (word) => {
      const resource = read(word);
      if (typeof resource === "string" || resource.kind === "address" || resource.kind === "traffic") return;
      const names = resource.kind === "ocf" ? [resource.provider, resource.agent] : [resource.name];
      for (const name of names) {
        expect(name.split("/")).not.toContain("..");
        if (!name.startsWith("/")) expect(name).not.toContain("/");
      }
    }),
    { numRuns: 2000 },
  );
});

test("an address with any netmask reads like the same address with the number of its bits", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 1, max: 32 }), (ip, length) => {
      const mask = [24, 16, 8, 0].map((shift) => ((0xffffffff << (32 - length)) >>> shift) & 255).join(".");
      const [bits, dotted] = [read(`${ip}/${length}/eth0`), read(`${ip}/${mask}/eth0`)];
      expect(dotted).toEqual(typeof bits === "string" ? bits : { ...bits, word: `${ip}/${mask}/eth0` });
    }),
  );
});
