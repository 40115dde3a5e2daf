// Conversion of heartbeat's files: the files of the mixed clusters, which tests run on both, must come out as the same cluster;
// golden texts for what people see.

import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { convertSetup } from "../../../firmware/console/convert.ts";
import { checkClusterFile } from "../../../firmware/core/config/cluster-file.ts";
import { convert, type HeartbeatSetup } from "../../../firmware/core/convert/convert.ts";
import type { Place, ThisBox } from "../../../firmware/core/convert/places.ts";
import { clusterFile, heartbeatFiles, type MixedOptions, PLACES } from "../../support/mixed-files.ts";

const nowhere: ThisBox = { hostName: "elsewhere", addresses: [], routes: [] };
const places: readonly Place[] = PLACES.flatMap(({ name, lan, cable }) => [
  { node: name, interface: "eth0", address: `${lan}/24` },
  { node: name, interface: "eth1", address: `${cable}/24` },
]);

function setup(haCf: string, authkeys: string, haresources: string, more: Partial<HeartbeatSetup> = {}) {
  const file = (name: string, text: string) => ({ name, text });
  return {
    ...{ haCf: file("ha.cf", haCf), authkeys: file("authkeys", authkeys) },
    ...{ haresources: file("haresources", haresources), places, box: nowhere, ...more },
  };
}

const keys = {
  send: 2,
  accept: [
    { id: 1, method: "md5" },
    { id: 2, method: "sha1" },
  ],
} as const;

test.each<MixedOptions>([
  {},
  { autoFailback: "off" },
  { autoFailback: "legacy" },
  { media: "ucast" },
  { media: "mcast", keepalive: 100, deadtime: 1500 },
  { method: "crc" },
  { keys },
  { msgfmt: "classic" },
  { ping: ["10.77.0.254", "10.77.0.253"] },
])("a cluster that runs on both is the same one after conversion: %j", (options) => {
  const files = heartbeatFiles(options);
  const { text, unknown } = convert(setup(files["ha.cf"], files.authkeys, files.haresources));
  const ours = checkClusterFile(clusterFile(options), "ours.yaml").config;
  const { config, diagnostics } = checkClusterFile(text, "converted.yaml");
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const sorted = (all: readonly { readonly name: string }[] = []) =>
    all.map((node) => ({ ...node, interfaces: undefined }));
  expect({ ...config, cluster: "", nodes: sorted(config?.nodes) }).toEqual({
    ...ours,
    cluster: "",
    nodes: sorted(ours?.nodes),
  });
  expect(unknown).toEqual([]);
});

describe("addresses", () => {
  const own: ThisBox = {
    hostName: "N1",
    addresses: [
      { interface: "eth0", address: "10.0.0.1", prefixLength: 24 },
      { interface: "eth0", address: "10.0.0.50", prefixLength: 24 },
      { interface: "eth1", address: "10.1.0.1", prefixLength: 30 },
      { interface: "eth7", address: "10.7.0.1", prefixLength: 24 },
    ],
    routes: [
      { destination: "0.0.0.0", prefixLength: 0, interface: "eth0", gateway: "10.0.0.254", metric: 0 },
    ],
  };
  const nodesOf = (haCf: string, more: Partial<HeartbeatSetup> = {}) => {
    const whole = setup(`${haCf}\nnode n1 n2\n`, "auth 1\n1 crc\n", "n1 10.0.0.50\n", {
      places: [],
      box: own,
      ...more,
    });
    const { text, unknown } = convert(whole);
    return { lines: text.split("\n").map((line) => line.trim()), unknown };
  };

  test("of this box are its own but for service addresses, on the interfaces that the cluster uses", () => {
    const { lines, unknown } = nodesOf("bcast eth1");
    expect(lines.slice(4, 9)).toEqual([
      "n1:",
      "interfaces:",
      "eth1: { address: 10.1.0.1/30 }",
      "eth0: { address: 10.0.0.1/24, gateway: 10.0.0.254 }",
      "n2:",
    ]);
    expect(unknown).toEqual(["n2:eth1", "n2:eth0"]);
  });

  test("of the other end are those that ucast names, and both ends are named then", () => {
    const { lines, unknown } = nodesOf("ucast eth0 10.0.0.2");
    expect(lines).toContain("eth0: { address: 10.0.0.2/24, gateway: 10.0.0.254 }");
    expect(lines.filter((line) => line.startsWith("- ucast"))).toEqual([
      "- ucast: { interface: eth0, peer: 10.0.0.2 }",
      "- ucast: { interface: eth0, peer: 10.0.0.1 }",
    ]);
    expect(unknown).toEqual([]);
  });

  test("that somebody gives come before everything else", () => {
    const given = [{ node: "n1", interface: "eth0", address: "10.0.0.9/24" }];
    expect(nodesOf("ucast eth0 10.0.0.2", { places: given }).lines).toContain(
      "eth0: { address: 10.0.0.9/24 }",
    );
  });
});

const folder = (name: string) => fileURLToPath(new URL(`../../golden/data/convert/${name}`, import.meta.url));

test.each(["guide", "refused"])("what people see of %s", async (name) => {
  const said = { out: "", err: "" };
  const streams = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text.replaceAll(folder(name), "/etc/ha.d");
    },
  };
  const given = [
    { node: "ken3", interface: "eth0", address: "192.168.1.1/24", gateway: "192.168.1.254" },
    { node: "ken3", interface: "eth1", address: "10.0.0.1/24" },
  ];
  expect(await convertSetup(folder(name), given, nowhere, streams)).toBe(1);
  await expect(said.out.replaceAll(folder(name), "/etc/ha.d")).toMatchFileSnapshot(
    `${folder(name)}/cluster.yaml`,
  );
  await expect(said.err).toMatchFileSnapshot(`${folder(name)}/diagnostics.txt`);
});

test("a folder without heartbeat's files is refused with what is missing", async () => {
  const streams = { out: () => {}, err: () => {} };
  await expect(convertSetup("/no/such", [], nowhere, streams)).rejects.toThrow(/ENOENT.*\/no\/such\/ha\.cf/);
});

test("no text of the three files makes the conversion throw, and its result can always be checked", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "node",
      "bcast",
      "ucast",
      "ping_group",
      "respawn",
      "auth",
      "1",
      "\\",
      "#",
      "n1",
      "keepalive",
      "__proto__",
    ),
    fc.string({ maxLength: 8 }),
  );
  const text = fc.array(
    fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(text, text, text, (haCf, authkeys, haresources) => {
      const whole = setup(haCf.join("\n"), authkeys.join("\n"), haresources.join("\n"));
      checkClusterFile(convert(whole).text, "converted.yaml");
    }),
    { numRuns: 150 },
  );
});
