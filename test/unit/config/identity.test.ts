// Which entry of the cluster file is this box.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ClusterConfig } from "../../../firmware/core/config/cluster.ts";
import { checkClusterFile } from "../../../firmware/core/config/cluster-file.ts";
import { type BoxFacts, identify } from "../../../firmware/core/config/identity.ts";

const example = readFileSync(new URL("../../../image/example/cluster.yaml", import.meta.url), "utf8");

function config(change: (text: string) => string = (text) => text): ClusterConfig {
  const checked = checkClusterFile(change(example), "cluster.yaml");
  if (checked.config === undefined) throw new Error(JSON.stringify(checked.diagnostics));
  return checked.config;
}

const withSerials = config((text) =>
  text
    .replace('{ mac: "52:54:00:7a:00:01" }', "{ serial: KA1 }")
    .replace('{ mac: "52:54:00:7a:00:02" }', "{}"),
);
const nothing: BoxFacts = { macs: [], addresses: [] };
const card = (mac: string) => ({ ...nothing, macs: [{ interface: "eth0", mac }] });

function identified(found: ClusterConfig, facts: BoxFacts): string {
  const identity = identify(found, facts);
  return identity.ok ? `${identity.node.name} by ${identity.by}` : identity.reason;
}

test.each<[string, ClusterConfig, BoxFacts, string]>([
  ["its MAC address", config(), card("52:54:00:7a:00:02"), "director2 by mac"],
  ["a MAC address in capitals", config(), card("52:54:00:7A:00:02"), "director2 by mac"],
  [
    "an address it has",
    config(),
    { ...nothing, addresses: ["127.0.0.1", "10.0.0.1"] },
    "director1 by address",
  ],
  ["its serial number", withSerials, { ...nothing, serial: " KA1 " }, "director1 by serial"],
  ["its host name", config(), { ...nothing, hostName: "Director2" }, "director2 by host name"],
  [
    "its MAC address before its address",
    config(),
    { ...card("52:54:00:7a:00:02"), addresses: ["10.0.0.1"] },
    "director2 by mac",
  ],
  [
    "its address before its serial number and host name",
    withSerials,
    { macs: [], addresses: ["10.0.0.2"], serial: "KA1", hostName: "director1" },
    "director2 by address",
  ],
  [
    "its serial number before its host name",
    withSerials,
    { ...nothing, serial: "KA1", hostName: "director2" },
    "director1 by serial",
  ],
])("a box is found by %s", (_, found, facts, expected) => {
  expect(identified(found, facts)).toBe(expected);
});

test("a box that fits no entry is told what it has and what the file has", () => {
  const facts = { ...card("52:54:00:7a:00:09"), addresses: ["172.16.0.1"], serial: "KB2", hostName: "box" };
  expect(identified(config(), facts)).toBe(
    "no node of cluster example fits: this box has MAC addresses eth0 52:54:00:7a:00:09; addresses 172.16.0.1; " +
      "serial KB2; host name box; the file has " +
      "director1 (MAC 52:54:00:7a:00:01; addresses 192.168.140.151, 10.0.0.1), " +
      "director2 (MAC 52:54:00:7a:00:02; addresses 192.168.140.152, 10.0.0.2)",
  );
});

test("a box that fits two entries is none of them, even when another fact would tell", () => {
  const macs = ["52:54:00:7a:00:01", "52:54:00:7a:00:02"].map((mac, index) => ({
    interface: `eth${index}`,
    mac,
  }));
  expect(identified(config(), { macs, addresses: ["10.0.0.1"] })).toMatch(
    /^more than one node of cluster example fits by mac, director1 and director2: this box has MAC addresses eth0/,
  );
});

test("a box without any fact fits no entry", () => {
  expect(identified(config(), nothing)).toMatch(/addresses none; serial none; host name none/);
});
