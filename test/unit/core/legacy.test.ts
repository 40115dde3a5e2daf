// auto_failback legacy, beside a real heartbeat node and beside one of ours. director1 is ours; the exchanges are those that two
// real nodes have.

import { expect, test } from "vitest";
import type { OperatorRequest } from "../../../firmware/core/event.ts";
import { Bench } from "../../support/bench.ts";
import { addressGroup, clusterConfig } from "../../support/cluster-config.ts";

const OURS = "192.168.140.150";
const THEIRS = "192.168.140.160";

const config = clusterConfig({ autoFailback: "legacy" });
const started = () => new Bench(config, "director1").start();
/** Alone and with everything. */
const alone = () => started().pass(5100);
/** Each with its own. */
const paired = () => started().status("active").hear(answer(OURS, false));

function answer(group: string, owned: boolean) {
  return { type: "ip-request-resp", dest: "director1", group, owned, ok: true } as const;
}

test("both start: ours asks for its own group and takes it at the answer", () => {
  const bench = started().status("up");
  expect(bench.said()).toEqual([]);
  bench.status("active");
  expect(bench.said()).toEqual([`ip-request ${OURS}`]);
  expect(bench.held()).toEqual([]);
  bench.hear(answer(OURS, false));
  expect(bench.held()).toEqual([OURS]);
  expect(bench.said()).toEqual([]);
});

test("with several groups ours waits for all answers", () => {
  const groups = [addressGroup("director1", OURS), addressGroup("director1", "192.168.140.151")];
  const bench = new Bench(clusterConfig({ autoFailback: "legacy" }, groups), "director1")
    .start()
    .status("active");
  expect(bench.said()).toEqual([`ip-request ${OURS}`, "ip-request 192.168.140.151"]);
  expect(bench.hear(answer("192.168.140.151", true)).held()).toEqual([]);
  expect(bench.hear(answer(OURS, true)).held()).toEqual([OURS, "192.168.140.151"]);
});

test("an answer that does not come is asked for again, and a refusal is none", () => {
  const bench = started().status("active");
  bench.take();
  bench.hear({ ...answer(OURS, true), ok: false }).passInTouch(9_900);
  expect(bench.said()).toEqual([]);
  bench.passInTouch(200);
  expect(bench.said()).toEqual([`ip-request ${OURS}`]);
  expect(bench.held()).toEqual([]);
});

test("the real node returns and asks: its group is released first, then answered", () => {
  const bench = alone().restart().status("active");
  expect(bench.held()).toEqual([OURS, THEIRS]);
  bench.take();
  bench.obeys = false;
  bench.hear({ type: "ip-request", group: THEIRS });
  expect(bench.said()).toEqual([]);
  bench.obeys = true;
  bench.addresses = bench.addresses.filter(({ address }) => address !== THEIRS);
  bench.observe();
  expect(bench.said()).toEqual([`ip-request-resp director2 ${THEIRS} true true`]);
  expect(bench.held()).toEqual([OURS]);
  expect(bench.passInTouch(15_000).said()).toEqual([]);
});

test("what is not here is answered at once, whatever it is", () => {
  const bench = paired();
  bench.take();
  bench.hear({ type: "ip-request", group: THEIRS }).hear({ type: "ip-request", group: "httpd" });
  expect(bench.said()).toEqual([
    `ip-request-resp director2 ${THEIRS} false true`,
    "ip-request-resp director2 httpd false true",
  ]);
  expect(bench.held()).toEqual([OURS]);
});

test("the real node dies: everything is ours, without a word about resources", () => {
  const bench = paired();
  bench.take();
  bench.pass(1000);
  expect(bench.said()).toEqual(["stonith director2 n_stnth"]);
  expect(bench.held()).toEqual([OURS, THEIRS]);
});

test("the real node stops in good order: taken over at its shutdone", () => {
  const bench = paired().hear({ type: "shutdone" });
  expect(bench.held()).toEqual([OURS, THEIRS]);
});

test("ours stops in good order: released, and nothing but shutdone is said", () => {
  const bench = paired();
  bench.take();
  bench.event({ type: "stop" }).pass(500);
  expect(new Set(bench.said())).toEqual(new Set(["shutdone"]));
  expect(bench.held()).toEqual([]);
});

test("words of the other settings are not heeded, and 3.0.6's own line says so", () => {
  const bench = paired().hear({ type: "starting" }).hear({ type: "resource", holds: "all", stable: true });
  bench.hear({ type: "ask_resources", scope: "local", step: "me" });
  expect(bench.held()).toEqual([OURS]);
  expect(bench.logged("info").join()).toContain("Standby mode only implemented when nice_failback on");
});

test.each<OperatorRequest>([
  { command: "standby", scope: "all" },
  { command: "takeover", scope: "foreign" },
])("$command by hand is refused", (request) => {
  const bench = paired();
  bench.take();
  bench.event({ type: "operator", request, id: 1 });
  expect(bench.take().find(({ type }) => type === "answer")).toMatchObject({
    error: "auto_failback legacy has no words for moving resources by hand; on and off have",
  });
});

test("a peer that restarts while it is asked is asked again, and is owed nothing", () => {
  const bench = started().status("active");
  bench.take();
  bench.restart().status("up").status("active");
  expect(bench.said()).toEqual([`ip-request ${OURS}`]);
  bench.hear(answer(OURS, false));
  expect(bench.held()).toEqual([OURS]);
});

test("beside one of ours what it shows counts, and only what it has is asked for", () => {
  const bench = started().hearFromOurs("1 all all none alone stable none -");
  expect(bench.said()).toEqual([`ip-request ${OURS}`]);
  bench.hearFromOurs("1 local all none paired changing none 1:2");
  expect(bench.held()).toEqual([]);
  bench.hearFromOurs("1 local local none paired stable none 1:2");
  expect(bench.held()).toEqual([OURS]);
});

test("status says what is known: settled when both have answered, the peer's group at the peer", () => {
  const bench = paired().event({ type: "operator", request: { command: "status" }, id: 1 });
  const shown = bench.take().find((action) => action.type === "answer");
  expect(shown).toMatchObject({
    snapshot: { stable: true, groups: [{ owner: "director1" }, { owner: "director2" }] },
  });
});
