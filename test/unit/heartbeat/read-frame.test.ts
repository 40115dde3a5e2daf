// A copy of the last frame is known by its bytes, and is worth what the frame itself would be worth just then.

import { expect, test } from "vitest";
import { Bench } from "../../support/bench.ts";
import { clusterConfig } from "../../support/cluster-config.ts";

const bench = () => new Bench(clusterConfig(), "director1").start().status("active");
const linksUp = ({ state }: Bench) =>
  [...(state.peers.get("director2")?.links ?? [])].filter(([, { up }]) => up).map(([medium]) => medium);

test("the copy of a frame brings up the link that it came over, and nothing else happens", () => {
  const heard = bench();
  heard.take();
  expect(linksUp(heard)).toEqual(["bcast eth1"]);
  expect(heard.copy().take()).toEqual([{ type: "log", severity: "info", text: "Link director2:eth0 up." }]);
  expect(linksUp(heard)).toEqual(["bcast eth1", "bcast eth0"]);
  expect(heard.copy().take()).toEqual([]);
  expect(heard.state.ignored.unauthenticated).toBe(0);
});

test("a link that brings only copies stays up", () => {
  const heard = bench().copy();
  for (let passed = 0; passed < 3000; passed += 200) heard.pass(200).status("active").copy();
  expect(linksUp(heard)).toEqual(["bcast eth1", "bcast eth0"]);
});

test("every byte counts: with any one of them changed it is no copy", () => {
  const heard = bench();
  for (let at = 0; at < heard.lastLength; at++) heard.copy("bcast eth0", at);
  expect(linksUp(heard)).toEqual(["bcast eth1"]);
  const { malformed, unauthenticated } = heard.state.ignored;
  expect(malformed + unauthenticated).toBe(heard.lastLength);
});

test("once a key is withdrawn, the copy of a frame that it signed is as false as a new one", () => {
  const heard = bench();
  const keys = { sendWith: 2, keys: [{ id: 2, method: "md5", key: "next" }] } as const;
  const cluster = clusterConfig({ auth: keys });
  heard.event({ type: "operator", request: { command: "reload", cluster }, id: 1 });
  heard.take();
  heard.copy();
  expect(heard.state.ignored.unauthenticated).toBe(1);
  expect(linksUp(heard)).toEqual(["bcast eth1"]);
});
