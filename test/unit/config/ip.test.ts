// Address arithmetic against the examples of the RFCs.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  broadcastOf,
  contains,
  formatIp,
  hasBroadcast,
  type Ip,
  networkOf,
  notAHost,
  parseIp,
  parsePrefix,
} from "../../../firmware/core/config/ip.ts";

const ip = (text: string) => {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
};
const prefix = (text: string) => {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`${text} is no prefix`);
  return parsed;
};

test.each([
  ["192.168.140.150", "192.168.140.150"],
  ["0.0.0.0", "0.0.0.0"],
  // RFC 5952, sections 4.1 to 5.
  ["2001:0DB8:0:0:0:0:2:1", "2001:db8::2:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["::", "::"],
  ["::1", "::1"],
  ["fe80::", "fe80::"],
  ["::ffff:192.0.2.128", "::ffff:c000:280"],
])("%s is %s", (written, canonical) => {
  expect(formatIp(ip(written))).toBe(canonical);
});

test.each([
  "",
  "1.2.3",
  "1.2.3.4.5",
  "256.1.1.1",
  "01.2.3.4",
  "0x7f.1",
  "1.2.3.4 ",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1::2::3",
  ":::",
  "12345::",
  "fe80::1%eth0",
  "1:2:3:4:5:6:7:1.2.3.4",
  "1::2:3:4:5:6:7:8",
])("%j is no address", (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test.each(["10.0.0.1", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/08", "10.0.0.1/8/8", "::1/129", "10.0.0.1/-1"])(
  "%j is no address with a prefix length",
  (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  },
);

test.each([
  ["192.168.85.3/27", "192.168.85.0", "192.168.85.31"],
  ["192.168.140.151/24", "192.168.140.0", "192.168.140.255"],
  ["10.1.2.3/32", "10.1.2.3", "10.1.2.3"],
  ["10.1.2.3/0", "0.0.0.0", "255.255.255.255"],
  ["2001:db8::1/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"],
])("the subnet of %s goes from %s to %s", (text, first, last) => {
  expect(formatIp(networkOf(prefix(text)))).toBe(first);
  expect(formatIp(broadcastOf(prefix(text)))).toBe(last);
});

test("a subnet contains its own addresses and no others", () => {
  expect(contains(prefix("10.0.0.1/24"), ip("10.0.0.255"))).toBe(true);
  expect(contains(prefix("10.0.0.1/24"), ip("10.0.1.0"))).toBe(false);
  expect(contains(prefix("::/0"), ip("10.0.0.1"))).toBe(false);
});

test("subnets of two addresses have no broadcast address", () => {
  expect(
    ["10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32", "::/64"].map((text) => hasBroadcast(prefix(text))),
  ).toEqual([true, false, false, false]);
});

test.each([
  ["224.0.0.1", "a multicast address"],
  ["ff02::1", "a multicast address"],
  ["127.8.8.8", "a loopback address"],
  ["::1", "a loopback address"],
  ["0.0.0.0", "an unspecified address"],
  ["::", "an unspecified address"],
  ["255.255.255.255", "a reserved address"],
  ["10.0.0.1", undefined],
  ["2001:db8::1", undefined],
])("%s as a host's address: %s", (text, expected) => {
  expect(notAHost(ip(text))).toBe(expected);
});

test("what is written in canonical form is read back as the same address", () => {
  const four = fc.record({ family: fc.constant<4>(4), value: fc.bigInt(0n, 2n ** 32n - 1n) });
  const six = fc.record({ family: fc.constant<6>(6), value: fc.bigInt(0n, 2n ** 128n - 1n) });
  const readBack = (address: Ip) => {
    expect(parseIp(formatIp(address))).toEqual(address);
  };
  fc.assert(fc.property(fc.oneof(four, six), readBack));
});
