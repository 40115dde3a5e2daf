// `pulsebox why` without a daemon: what its state area tells, and what is said when nobody could look there either.

import { expect, test } from "vitest";
import { type StoredDecisions, why } from "../../../firmware/console/why.ts";
import type { Decision } from "../../../firmware/core/decision.ts";

const options = { socket: "/no/such/ha.sock", last: 20, json: true };
const silence =
  "no pulsebox ha answers at /no/such/ha.sock: ENOENT (it does not run here: start its service, or name its socket with --socket)";
const decisions: readonly Decision[] = [
  {
    number: 1,
    node: "director1",
    generation: 1,
    wall: 1000,
    monotonic: 1,
    transition: { what: "started" },
    trigger: { event: "start" },
    evidence: [],
  },
];

const refusing: StoredDecisions = (directory = "/var/lib/pulsebox") => {
  throw new Error(`EACCES: permission denied, access '${directory}'`);
};

async function asked(stored: StoredDecisions, state?: string) {
  const said = { out: "", err: "" };
  const streams = {
    out: (text: string) => {
      said.out += text;
    },
    err: (text: string) => {
      said.err += text;
    },
  };
  const code = await why({ ...options, ...(state !== undefined && { state }) }, stored, streams);
  return { code, ...said };
}

test("a daemon that does not answer is said, and its state area tells instead", async () => {
  const { code, out, err } = await asked(() => ({ directory: "/var/lib/pulsebox", decisions }));
  expect({ code, err }).toEqual({ code: 0, err: `${silence}; read from /var/lib/pulsebox\n` });
  expect(JSON.parse(out)).toEqual(decisions);
});

test("a state area that cannot be read is no state area without decisions", async () => {
  await expect(asked(refusing)).rejects.toThrow(
    `${silence}; what it stored cannot be read: EACCES: permission denied, access '/var/lib/pulsebox'`,
  );
  await expect(asked(refusing, "/mnt")).rejects.toThrow("EACCES: permission denied, access '/mnt'");
});
