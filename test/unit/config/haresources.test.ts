// The words of a haresources line in all their short forms.

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
])("%s is a script with its arguments", (word, name, args) => {
  expect(read(word)).toEqual({ kind: "script", word, name, args });
});

test("traffic is the director's own resource", () => {
  expect(read("traffic")).toEqual({ kind: "traffic", word: "traffic" });
});

test.each([
  ["192.168.85.3/0", /"0" is not a prefix length of 1 to 32/],
  ["192.168.85.3/255.255.255.0", /"255.255.255.0" is not a prefix length/],
  ["192.168.85", /is not an IPv4 or IPv6 address/],
  ["IPaddr::", /"" is not an IPv4 or IPv6 address/],
  ["192.168.85.3/24//", /"" is not the name of a network interface/],
  ["192.168.85.3/24/an-interface-too-long", /is not the name of a network interface/],
  ["192.168.85.3/24/eth0/eth1", /"eth1" is not an IPv4 broadcast address/],
  ["192.168.85.3/24/2001:db8::ff", /is not an IPv4 broadcast address/],
  ["2001:db8::1/64/eth0/10.0.0.255", /IPv6 has no broadcast addresses/],
  ["/bin/sh", /neither an address .* nor the name of a script/],
  ["../sh", /neither|not an IPv4/],
  ["", /neither an address/],
  ["httpd smb", /one word/],
])("%j is refused", (word, reason) => {
  expect(read(word)).toMatch(reason);
});
