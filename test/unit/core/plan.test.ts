// plan(): the smallest set of changes, only on managed addresses, removals first, and nothing left to do after it.

import { assert, constantFrom, property, record, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import type { WantedAddress } from "../../../firmware/core/action.ts";
import type { ObservedAddress } from "../../../firmware/core/event.ts";
import { plan } from "../../../firmware/core/plan.ts";

const MANAGED = ["10.1.0.1", "10.1.0.2", "10.1.0.3"];

function want(address: string, name = "eth0", prefixLength = 24): WantedAddress {
  return { interface: name, address, prefixLength, label: `${name}:0` };
}

const words = (wanted: readonly WantedAddress[], observed: readonly ObservedAddress[]): readonly string[] =>
  plan(wanted, observed, MANAGED).map(
    ({ type, address }) => `${type} ${address.interface} ${address.address}`,
  );

test.each<[string, readonly WantedAddress[], readonly ObservedAddress[], readonly string[]]>([
  ["nothing wanted and nothing there", [], [], []],
  [
    "what is missing is added in order",
    [want("10.1.0.2"), want("10.1.0.1")],
    [],
    ["add eth0 10.1.0.2", "add eth0 10.1.0.1"],
  ],
  ["what is there stays", [want("10.1.0.1")], [want("10.1.0.1")], []],
  [
    "what is no longer wanted goes in reverse order",
    [],
    [want("10.1.0.1"), want("10.1.0.3"), want("10.1.0.2")],
    ["remove eth0 10.1.0.3", "remove eth0 10.1.0.2", "remove eth0 10.1.0.1"],
  ],
  [
    "removals come first",
    [want("10.1.0.1")],
    [want("10.1.0.2")],
    ["remove eth0 10.1.0.2", "add eth0 10.1.0.1"],
  ],
  [
    "one on a wrong interface is moved",
    [want("10.1.0.1")],
    [want("10.1.0.1", "eth1")],
    ["remove eth1 10.1.0.1", "add eth0 10.1.0.1"],
  ],
  [
    "one with a wrong prefix is replaced",
    [want("10.1.0.1")],
    [want("10.1.0.1", "eth0", 32)],
    ["remove eth0 10.1.0.1", "add eth0 10.1.0.1"],
  ],
  [
    "a second copy elsewhere goes",
    [want("10.1.0.1")],
    [want("10.1.0.1"), want("10.1.0.1", "eth1")],
    ["remove eth1 10.1.0.1"],
  ],
  [
    "another label changes nothing",
    [want("10.1.0.1")],
    [{ interface: "eth0", address: "10.1.0.1", prefixLength: 24 }],
    [],
  ],
  ["an address that is not managed is left alone", [], [want("192.168.1.1")], []],
  ["an address that is not managed is never added", [want("192.168.1.1")], [], []],
])("%s", (_title, wanted, observed, expected) => {
  expect(words(wanted, observed)).toEqual(expected);
});

test("applying a plan leaves nothing to do, and nothing that is not managed is touched", () => {
  const address = record({
    interface: constantFrom("eth0", "eth1"),
    address: constantFrom(...MANAGED, "192.168.1.1"),
    prefixLength: constantFrom(24, 32),
    label: constantFrom("eth0:0", "eth1:0"),
  });
  const some = uniqueArray(address, { selector: (each) => each.address });
  const many = uniqueArray(address, {
    selector: (each) => `${each.interface} ${each.address} ${each.prefixLength}`,
  });
  assert(
    property(some, many, (wanted, observed) => {
      let kernel: readonly ObservedAddress[] = observed;
      for (const change of plan(wanted, kernel, MANAGED)) {
        if (change.type === "add") kernel = [...kernel, change.address];
        else kernel = kernel.filter((each) => each !== change.address);
      }
      expect(plan(wanted, kernel, MANAGED)).toEqual([]);
      const foreign = (list: readonly ObservedAddress[]): readonly ObservedAddress[] =>
        list.filter((each) => each.address === "192.168.1.1");
      expect(foreign(kernel)).toEqual(foreign(observed));
    }),
  );
});
