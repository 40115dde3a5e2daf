// Signed is not yet sensible: every field is checked against what heartbeat says, and each fault is named.
// The captured messages are classified in the golden tests; here is what must be refused.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MessageBody } from "../../../firmware/core/heartbeat/body.ts";
import { classify } from "../../../firmware/core/heartbeat/classify.ts";
import { compose } from "../../../firmware/core/heartbeat/compose.ts";
import { type Field, withTrailer } from "../../../firmware/core/heartbeat/message.ts";

const uuid = new Uint8Array(16).fill(7);
const STATUS = { t: "status", st: "active", dt: "7d0", protocol: "1" };
const TRAILER = {
  src: "n1",
  srcuuid: uuid,
  seq: "1a",
  hg: "6b020237",
  ts: "6b02023b",
  ld: "0.1 0.2",
  ttl: "3",
};

function message(values: Readonly<Record<string, Field["value"] | undefined>>) {
  const fields: Field[] = [];
  for (const [name, value] of Object.entries(values)) if (value !== undefined) fields.push({ name, value });
  return { fields };
}

test("a status says state, deadtime in milliseconds and who speaks", () => {
  expect(classify(message({ ...STATUS, ...TRAILER }))).toEqual({
    type: "status",
    status: "active",
    deadtime: 2000,
    protocol: 1,
    trailer: { src: "n1", srcuuid: uuid, seq: 26, hg: 0x6b020237, ts: 0x6b02023b, ld: "0.1 0.2", ttl: 3 },
  });
});

test("uuid, load, ttl and protocol may be left out", () => {
  const least = { ...STATUS, protocol: undefined, src: "n1", seq: "1", hg: "1", ts: "1" };
  expect(classify(message(least))).toEqual({
    type: "status",
    status: "active",
    deadtime: 2000,
    trailer: { src: "n1", seq: 1, hg: 1, ts: 1 },
  });
});

test("a message of another type is unknown and still counts in its sender's numbering", () => {
  const verdict = classify(message({ t: "cib", ...TRAILER }));
  expect(verdict).toMatchObject({ type: "unknown", name: "cib", trailer: { seq: 26 } });
  expect(classify(message({ t: "__proto__", ...TRAILER })).type).toBe("unknown");
  expect(classify(message({ t: "toString", ...TRAILER })).type).toBe("unknown");
});

test("a message of the CRM, whose fields are structs, counts in its sender's numbering; one in place of a text is a fault", () => {
  const { fields } = message({ t: "cib", ...TRAILER });
  const opaque = { name: "cib_object", value: "7:(0)a=b,", opaque: 2 } as const;
  expect(classify({ fields: [...fields, opaque] })).toMatchObject({ type: "unknown", trailer: { seq: 26 } });
  const torn = fields.map((each) => (each.name === "seq" ? { ...opaque, name: "seq" } : each));
  expect(classify({ fields: torn })).toMatchObject({
    type: "invalid",
    detail: expect.stringContaining("seq is "),
  });
});

const ANY_FIELD = fc.record({
  name: fc.constantFrom(
    "t",
    "st",
    "dt",
    "src",
    "srcuuid",
    "seq",
    "hg",
    "ts",
    "ld",
    "ttl",
    "dest",
    "rsc_hold",
    "nodelist",
  ),
  value: fc.oneof(
    fc.constantFrom(
      "status",
      "repnodes",
      "ip-request",
      "NS_rexmit",
      "n1",
      "1a",
      "all",
      "-1",
      "ffffffffffffffff",
    ),
    fc.string({ unit: "binary-ascii" }),
    fc.uint8Array({ maxLength: 20 }),
  ),
  opaque: fc.option(fc.constantFrom(2, 3, 4, 5), { nil: undefined, freq: 5 }),
});

test("whatever the fields say, classifying does not throw, and a number that counts is a safe integer", () => {
  const some = fc.uniqueArray(ANY_FIELD, { maxLength: 13, selector: ({ name }) => name });
  fc.assert(
    fc.property(some, (fields) => {
      const verdict = classify({
        fields: fields.map(({ opaque, ...rest }) => (opaque ? { ...rest, opaque } : rest)),
      });
      const { seq = 1, hg = 0 } = verdict.trailer ?? {};
      expect(Number.isSafeInteger(seq) && seq >= 1 && Number.isSafeInteger(hg) && hg >= 0).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["no type", { t: undefined }, "t is absent"],
  ["a binary type", { t: uuid }, "t is binary"],
  ["no sender", { src: undefined }, "src is absent"],
  ["an upper-case sender", { src: "N2" }, 'src is "N2"'],
  ["a sender of 100 characters", { src: "n".repeat(100) }, "node name of < 100"],
  ["a terminal escape as sender", { src: "\x1b[2J" }, 'src is "?[2J"'],
  ["no number", { seq: undefined }, "seq is absent"],
  ["number 0", { seq: "0" }, 'seq is "0"'],
  ["a negative number", { seq: "-1" }, 'seq is "-1"'],
  ["an upper-case number", { seq: "1A" }, 'seq is "1A"'],
  [
    "a number of 64 bits that would be rounded",
    { seq: "20000000000000" },
    "allowed: hex 1 to 1fffffffffffff",
  ],
  ["no generation", { hg: undefined }, "hg is absent"],
  ["a time with junk", { ts: "6b02 " }, 'ts is "6b02 "'],
  ["a short uuid", { srcuuid: uuid.subarray(1) }, "srcuuid is binary; allowed: 16 bytes"],
  ["a uuid as text", { srcuuid: "x".repeat(16) }, "16 bytes"],
  ["a hexadecimal ttl", { ttl: "a" }, 'ttl is "a"'],
])("with %s the trailer is invalid, so the message counts nowhere", (_, change, detail) => {
  const verdict = classify(message({ ...STATUS, ...TRAILER, ...change }));
  expect(verdict).toEqual({ type: "invalid", detail: expect.stringContaining(detail) });
});

test.each([
  ["another state", { st: "dead" }, 'st is "dead"; allowed: init, up, active'],
  ["no deadtime", { dt: undefined }, "dt is absent"],
  ["deadtime 0", { dt: "0" }, 'dt is "0"'],
  ["a deadtime of more than a day", { dt: "5265c01" }, "allowed: hex 1 to 5265c00"],
  ["two faults", { st: "x", dt: "y" }, 'st is "x"; allowed: init, up, active; dt is "y"'],
])("a status with %s is invalid, and its number still counts", (_, change, detail) => {
  const verdict = classify(message({ ...STATUS, ...TRAILER, ...change }));
  expect(verdict).toMatchObject({
    type: "invalid",
    detail: expect.stringContaining(detail),
    trailer: { seq: 26 },
  });
});

test.each([
  [{ t: "resource", rsc_hold: "most", isstable: "1" }, "rsc_hold"],
  [{ t: "resource", rsc_hold: "all", isstable: "2" }, "isstable"],
  [{ t: "resource", rsc_hold: "all" }, "isstable is absent"],
  [{ t: "resource", rsc_hold: "all", isstable: "1", rtype: "half" }, "rtype"],
  [{ t: "ask_resources", rsc_hold: "none", info: "me" }, "rsc_hold"],
  [{ t: "ask_resources", rsc_hold: "all", info: "you" }, "info"],
  [{ t: "hb_takeover", rsc_hold: "none" }, "rsc_hold"],
  [{ t: "shutdone", st: "active" }, "st"],
  [{ t: "ip-request", ipaddr: "" }, "ipaddr"],
  [{ t: "ip-request", ipaddr: "10.9.0.5 httpd" }, "ipaddr"],
  [{ t: "ip-request", ipaddr: "x".repeat(1025) }, "ipaddr"],
  [{ t: "ip-request-resp", ipaddr: "10.9.0.5", dest: "n1", weown: "maybe", ok: "OK" }, "weown"],
  [{ t: "stonith", node: "n2", result: "perhaps" }, "result"],
  [{ t: "repnodes", dest: "n2", nodelist: "n1 N2 ", delnodelist: " " }, "nodelist"],
  [{ t: "repnodes", dest: "n2", nodelist: "n ".repeat(101), delnodelist: " " }, "at most 100"],
  [{ t: "reqnodes" }, "dest is absent"],
  [{ t: "NS_ackmsg", dest: "n1", ackseq: "g" }, "ackseq"],
  [{ t: "NS_rexmit", dest: "n1", firstseq: "1a", lastseq: "30" }, "firstseq"],
  [{ t: "NS_rexmit", dest: "n1", firstseq: "9", lastseq: "8" }, "lastseq"],
  [{ t: "NS_rexmit", dest: "n1", firstseq: "1", lastseq: "9".repeat(17) }, "lastseq"],
  [
    { t: "num_ping_nodes", dest: "n1", num_ping: "2", client_gen: "0", from_id: "cib", to_id: "cib" },
    "from_id",
  ],
])("%j is invalid", (values, detail) => {
  const verdict = classify(message({ ...values, ...TRAILER }));
  expect(verdict).toMatchObject({ type: "invalid", detail: expect.stringContaining(detail) });
});

test("a control message has no number, whatever it carries", () => {
  const verdict = classify(message({ t: "NS_ackmsg", dest: "n1", ackseq: "1f", ...TRAILER }));
  expect(verdict).toMatchObject({ type: "NS_ackmsg", sequence: 31 });
  expect(verdict.trailer?.seq).toBeUndefined();
});

describe("what real messages do not show survives composing and classifying too", () => {
  const dest = { dest: "n2", destuuid: uuid };
  const bodies: MessageBody[] = [
    { type: "status", status: "up", deadtime: 86_400_000 },
    { type: "repnodes", dest: "n2", nodes: [], deleted: ["n3", "n4"] },
    { type: "addnode", nodes: ["n3", "n4"] },
    { type: "ip-request", group: "fd00::50" },
    { type: "ip-request", group: "10.9.0.50/24/eth0/10.9.0.255" },
    { type: "ip-request", group: "Filesystem::/dev/sda1::/srv::ext4" },
    { type: "ip-request-resp", ...dest, group: "10.9.0.50", owned: false, ok: false },
    { type: "NS_rexmit", ...dest, first: 16, last: 255 },
    { type: "NS_nak_rexmit", ...dest, sequence: 255 },
    { type: "stonith", node: "n2", result: "unneeded" },
  ];
  test.each(bodies)("$type", (body) => {
    const control = body.type.startsWith("NS_");
    const trailer = { src: "n1", ...(!control && { seq: 1 }), hg: 2, ts: 3 };
    expect(classify(withTrailer(compose(body), trailer))).toEqual({ ...body, trailer });
  });
});
