// The port Addresses: one table for the fake of the unit tests and for the adapter on a real kernel, so that what the runtime
// is tested against behaves as the kernel does.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WantedAddress } from "../../../firmware/core/action.ts";
import type { Addresses, Outcome } from "../../../firmware/ports/network.ts";
import { FakeAddresses } from "../../support/fake-ports.ts";
import { Lab, type Namespace, reasonToSkip } from "../../support/netns.ts";
import { inNamespace, type NodeInNamespace } from "../../support/node-in-namespace.ts";

const why = reasonToSkip("rtnetlink addresses");

const vip: WantedAddress = {
  interface: "eth0",
  address: "10.0.0.9",
  prefixLength: 24,
  broadcast: "10.0.0.255",
  label: "eth0:0",
};

/** A call by name, so that it can be made in another process. */
type Call = (
  method: "add" | "remove" | "addresses" | "routes" | "links",
  ...args: unknown[]
) => Promise<unknown>;

const fake: Call = async (method, ...args) => {
  const call = memory[method] as (...values: unknown[]) => unknown;
  return call.apply(memory, args);
};
const memory: Addresses = new FakeAddresses();

let lab: Lab;
let box: Namespace;
let server: NodeInNamespace;

const real: Call = async (method, ...args) => {
  server.process.stdin?.write(`${JSON.stringify({ method, args })}\n`);
  return JSON.parse(await server.line());
};

const serve = `
  import { createInterface } from "node:readline";
  import { RtnetlinkAddresses } from "./firmware/adapters/rtnetlink-addresses.ts";
  const addresses = new RtnetlinkAddresses((text) => console.log(text));
  for await (const line of createInterface({ input: process.stdin })) {
    const { method, args } = JSON.parse(line);
    console.log(JSON.stringify(addresses[method](...args)));
  }`;

beforeAll(async () => {
  if (why !== undefined) return;
  lab = await Lab.create();
  box = await lab.namespace("box");
  const other = await lab.namespace("other");
  await lab.veth(
    { namespace: box, interface: "eth0", mac: "52:54:00:00:00:01", addresses: ["10.0.0.1/24"] },
    { namespace: other, interface: "eth0" },
  );
  server = inNamespace(box, serve);
});

afterAll(() => lab?.dispose());

const worlds = [
  { world: "the fake", call: fake, skip: false },
  { world: "the kernel", call: real, skip: why !== undefined },
];

describe.each(worlds)("$world", ({ call, skip }) => {
  const own = async () =>
    ((await call("addresses")) as { interface: string; address: string }[]).filter(
      ({ address }) => address === vip.address,
    );

  test.skipIf(skip)("has an interface and a route to its subnet", async () => {
    expect(await call("links")).toContainEqual({
      name: "eth0",
      mac: "52:54:00:00:00:01",
      up: true,
      carrier: true,
    });
    expect(await call("routes")).toContainEqual({
      destination: "10.0.0.0",
      prefixLength: 24,
      interface: "eth0",
      metric: 0,
    });
  });

  test.skipIf(skip)(
    "shows an address that was added, with its label, and adding again is no failure",
    async () => {
      for (let time = 0; time < 2; time++) expect(await call("add", vip)).toEqual({ ok: true });
      expect(await own()).toEqual([
        { interface: "eth0", address: "10.0.0.9", prefixLength: 24, label: "eth0:0" },
      ]);
    },
  );

  test.skipIf(skip)("shows a removed address no longer, and removing again is no failure", async () => {
    const observed = { interface: "eth0", address: "10.0.0.9", prefixLength: 24 };
    for (let time = 0; time < 2; time++) expect(await call("remove", observed)).toEqual({ ok: true });
    expect(await own()).toEqual([]);
  });
});

test.skipIf(why)("the broadcast address arrives in the kernel", async () => {
  await real("add", vip);
  expect(await box.run(["ip", "-4", "addr", "show", "eth0"])).toContain(
    "brd 10.0.0.255 scope global secondary eth0:0",
  );
  await real("remove", vip);
});

test.skipIf(why)("an address for an interface that is not there is refused with errno's name", async () => {
  const outcome = (await real("add", { ...vip, interface: "eth7", label: "eth7:0" })) as Outcome;
  expect(outcome).toMatchObject({ ok: false });
  expect(outcome.ok ? "" : outcome.error).toContain("ENODEV");
});

test.skipIf(why)("changes by anybody are reported, and a carrier only when it changes", async () => {
  const watcher = inNamespace(
    box,
    `import { RtnetlinkAddresses } from "./firmware/adapters/rtnetlink-addresses.ts";
     new RtnetlinkAddresses(console.error).watch({
       changed: () => console.log("changed"),
       carrier: (name, up) => console.log("carrier " + name + " " + up),
     });
     console.log("ready");`,
  );
  await watcher.line("ready");
  await box.run(["ip", "addr", "add", "10.0.0.77/24", "dev", "eth0"]);
  await watcher.line("changed");
  await box.run(["ip", "link", "set", "eth0", "mtu", "1400"]);
  await box.run(["ip", "link", "set", "eth0", "down"]);
  const seen: string[] = [];
  while (seen.at(-1) !== "carrier eth0 false") seen.push(await watcher.line());
  expect(seen.filter((line) => line.startsWith("carrier"))).toEqual(["carrier eth0 false"]);
  await box.run(["ip", "link", "set", "eth0", "up"]);
  await watcher.line("carrier eth0 true");
  watcher.process.kill();
});
