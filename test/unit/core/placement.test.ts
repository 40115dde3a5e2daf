// Where a service address goes, against the rules of "Getting Started with Linux-HA" ("Selecting an Interface") and the labels
// of heartbeat's IPaddr.

import { expect, test } from "vitest";
import type { ObservedAddress, ObservedRoute } from "../../../firmware/core/event.ts";
import { type AddressResource, place } from "../../../firmware/core/resource/placement.ts";

function route(prefix: string, name: string, more: Partial<ObservedRoute> = {}): ObservedRoute {
  const [destination = "", length] = prefix.split("/");
  return { destination, prefixLength: Number(length), interface: name, metric: 0, ...more };
}

const DEFAULT = route("0.0.0.0/0", "eth9", { gateway: "192.168.85.254" });

function resource(address: string, more: Partial<AddressResource> = {}): AddressResource {
  return { kind: "address", word: address, address, ...more };
}

test.each<[string, AddressResource, readonly ObservedRoute[], string | undefined]>([
  [
    "the network that covers it",
    resource("192.168.85.3"),
    [DEFAULT, route("192.168.85.0/24", "eth0")],
    "eth0 /24 192.168.85.255",
  ],
  [
    "the lower metric of two",
    resource("10.1.2.3"),
    [route("10.1.2.0/24", "eth0", { metric: 100 }), route("10.0.0.0/8", "eth1", { metric: 5 })],
    "eth1 /8 10.255.255.255",
  ],
  [
    "the narrower network at the same cost",
    resource("10.1.2.3"),
    [route("10.0.0.0/8", "eth1"), route("10.1.2.0/24", "eth0")],
    "eth0 /24 10.1.2.255",
  ],
  [
    "the first of two equal ones",
    resource("10.1.2.3"),
    [route("10.1.2.0/24", "eth3"), route("10.1.2.0/24", "eth1")],
    "eth3 /24 10.1.2.255",
  ],
  [
    "the default route last, as a single address",
    resource("172.16.0.1"),
    [DEFAULT, route("10.0.0.0/8", "eth0")],
    "eth9 /32 -",
  ],
  [
    "a network of its own before one behind a gateway",
    resource("10.1.2.3"),
    [route("10.1.2.0/24", "eth0", { gateway: "10.9.9.9" }), route("10.1.0.0/16", "eth1", { metric: 50 })],
    "eth1 /16 10.1.255.255",
  ],
  [
    "prefix and highest address as the file says",
    resource("192.168.85.3", { prefixLength: 27 }),
    [route("192.168.85.0/24", "eth0")],
    "eth0 /27 192.168.85.31",
  ],
  [
    "broadcast as the file says",
    resource("192.168.85.3", { prefixLength: 27, broadcast: "192.168.85.16" }),
    [route("192.168.85.0/24", "eth0")],
    "eth0 /27 192.168.85.16",
  ],
  [
    "interface as the file says, prefix of its route",
    resource("192.168.85.3", { interface: "eth1" }),
    [route("192.168.85.0/24", "eth0"), route("192.168.0.0/16", "eth1")],
    "eth1 /16 192.168.255.255",
  ],
  [
    "interface as the file says, without any route",
    resource("192.168.85.3", { interface: "eth1" }),
    [],
    "eth1 /32 -",
  ],
  [
    "IPv6 without broadcast",
    resource("2001:db8::5"),
    [route("2001:db8::/64", "eth0"), DEFAULT],
    "eth0 /64 -",
  ],
  ["nowhere without a route", resource("192.168.85.3"), [route("10.0.0.0/8", "eth0")], undefined],
])("%s", (_title, wish, routes, expected) => {
  const placed = place(wish, routes, [], new Map());
  expect(placed && `${placed.interface} /${placed.prefixLength} ${placed.broadcast ?? "-"}`).toBe(expected);
});

test("labels count up on each interface, past those that the kernel has", () => {
  const routes = [route("10.0.0.0/8", "eth0")];
  const observed: readonly ObservedAddress[] = [
    { interface: "eth0", address: "10.9.9.9", prefixLength: 8, label: "eth0:0" },
  ];
  const first = place(resource("10.0.0.1"), routes, observed, new Map());
  expect(first?.label).toBe("eth0:1");
  if (first === undefined) return;
  expect(place(resource("10.0.0.2"), routes, observed, new Map([["10.0.0.1", first]]))?.label).toBe("eth0:2");
});

test("an address that is there already keeps its label", () => {
  const observed: readonly ObservedAddress[] = [
    { interface: "eth0", address: "10.0.0.1", prefixLength: 8, label: "eth0:7" },
  ];
  expect(place(resource("10.0.0.1"), [route("10.0.0.0/8", "eth0")], observed, new Map())?.label).toBe(
    "eth0:7",
  );
});

test("a label that the word names is taken as it is", () => {
  const named = resource("10.0.0.1", { interface: "eth0", label: "web" });
  expect(place(named, [route("10.0.0.0/8", "eth0")], [], new Map())?.label).toBe("eth0:web");
});
