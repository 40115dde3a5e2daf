// The operator moves groups by the command line, and is told in words what cannot be done; exit codes are what scripts go by.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Snapshot } from "../../firmware/core/snapshot.ts";
import { ClusterLab, fromSource } from "../support/cluster.ts";
import { clusterFile } from "../support/cluster-file.ts";
import { reasonToSkip } from "../support/netns.ts";

const why = reasonToSkip("operator commands");

let lab: ClusterLab;
let directory: string;

beforeAll(async () => {
  if (why !== undefined) return;
  directory = await mkdtemp(join(tmpdir(), "pulsebox-operator-"));
  lab = await ClusterLab.create({ autoFailback: "off" });
  await lab.start();
  await lab.settled(lab.director1);
});

afterAll(async () => {
  await lab?.dispose();
  if (directory !== undefined) await rm(directory, { recursive: true });
});

/** One line to the socket as it is, and the line that answers. */
function raw(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(path, () => connection.write(line));
    let answer = "";
    connection.on("error", reject);
    connection.on("data", (chunk) => {
      answer += chunk;
      if (answer.includes("\n")) connection.end();
    });
    connection.on("close", () => resolve(answer));
  });
}

test.skipIf(why)("takeover and standby move the group and answer when it is done", async () => {
  const taken = await lab.director2.command("takeover");
  expect(taken).toEqual({ code: 0, stdout: "10.77.0.50: director2 (here held)\n", stderr: "" });
  expect(await lab.director2.addresses()).toContain(lab.vip);
  expect(await lab.director1.addresses()).not.toContain(lab.vip);
  await lab.settled(lab.director2);
  const given = await lab.director2.command("standby", "all");
  expect(given.code).toBe(0);
  await lab.settled(lab.director1);
  expect(await lab.director1.addresses()).toContain(lab.vip);
});

test.skipIf(why)("a move that cannot be is refused with the reason and exit code 1", async () => {
  const refused = await lab.director1.command("takeover", "all");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^pulsebox: takeover all: nothing to do: /);
});

test.skipIf(why)("status shows both nodes, to people and as JSON", async () => {
  const text = await lab.director1.command("status");
  expect(text.stdout).toMatch(/^director1 \(this node\) +active/m);
  expect(text.stdout).toMatch(/^director2 +active +bcast eth1 +up +\d+ ms ago$/m);
  const { stdout, code } = await lab.director1.command("status", "--json");
  const snapshot = JSON.parse(stdout) as Snapshot;
  expect(code).toBe(0);
  expect(snapshot.groups).toEqual([
    {
      preferred: "director1",
      addresses: ["10.77.0.50"],
      items: [{ word: "10.77.0.50/24", state: "running" }],
      owner: "director1",
      here: "held",
    },
  ]);
});

test.skipIf(why)("the socket is for its owner alone", async () => {
  expect(await lab.director1.namespace.run(["stat", "-c", "%a %F", lab.director1.socket])).toBe(
    "600 socket\n",
  );
});

const wrong = [
  ["no JSON", "status", /the request is no JSON/],
  ["no command", "{}", /no object with a \\"command\\"/],
  [
    "an unknown command",
    '{"command":"explode"}',
    /command \\"explode\\" is not one of status, why, takeover, standby, /,
  ],
  [
    "an unknown scope",
    '{"command":"standby","scope":"some"}',
    /scope \\"some\\" is not one of all, local, foreign/,
  ],
  ["too much", "x".repeat(5000), /longer than 4096 characters/],
] as const;

test.skipIf(why).each(wrong)("a request with %s is answered with what is wrong", async (_, line, words) => {
  expect(await raw(lab.director1.socket, `${line}\n`)).toMatch(words);
  expect((await lab.director1.status()).phase).toBe("running");
});

test.skipIf(why)("a second daemon on the box is refused and changes nothing", async () => {
  const file = join(directory, "cluster.yaml");
  await writeFile(file, clusterFile());
  const second = await lab.director1.command("ha", "--no-realtime", "--config", file, "--state", directory);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(
    `another pulsebox ha runs on this box: it answers at ${lab.director1.socket}`,
  );
  expect(await lab.director1.addresses()).toContain(lab.vip);
});

test.skipIf(why)(
  "a cluster file with errors, of others or missing ends with 1 before anything is touched",
  async () => {
    const start = async (name: string, text: string | undefined, ...more: string[]) => {
      const file = join(directory, name);
      if (text !== undefined) await writeFile(file, text);
      const state = join(directory, `${name}.state`);
      const argv = [
        ...fromSource,
        "ha",
        "--config",
        file,
        "--state",
        state,
        "--socket",
        join(state, "s"),
        ...more,
      ];
      const { code, stderr } = await lab.client.exec(argv);
      const touched = await lab.client.exec(["ls", state]);
      expect(touched.code).not.toBe(0);
      return { code, stderr };
    };
    const broken = await start("broken.yaml", clusterFile().replace("keepalive", "keepalife"));
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(
      /broken\.yaml:13:3: error: unknown key "keepalife".*did you mean "keepalive"/,
    );
    const strange = await start("strange.yaml", clusterFile());
    expect(strange).toMatchObject({ code: 1 });
    expect(strange.stderr).toContain("no node of cluster laboratory fits: this box has MAC addresses eth0 ");
    const missing = await start("missing.yaml", undefined);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toContain("ENOENT");
    const unnamed = await start("unnamed.yaml", clusterFile(), "--node", "director3");
    expect(unnamed).toMatchObject({ code: 1 });
    expect(unnamed.stderr).toContain("--node director3: cluster laboratory has only director1, director2");
  },
);

test.skipIf(why)("a state directory that cannot be written ends with 1, and nobody answers", async () => {
  const file = join(directory, "cluster.yaml");
  await writeFile(file, clusterFile());
  const [state, socket] = [join(file, "state"), join(directory, "other.sock")];
  const options = ["--no-realtime", "--config", file, "--state", state, "--socket", socket];
  const { code, stderr } = await lab.director1.namespace.exec([...fromSource, "ha", ...options]);
  expect(code).toBe(1);
  expect(stderr).toContain(`CRIT: Not started: the state directory ${state} cannot be used: ENOTDIR`);
  expect(stderr).toContain("--state names another one");
});

test.skipIf(why)("status without a daemon ends with 1, names the socket and says what to do", async () => {
  const socket = join(directory, "none.sock");
  const { code, stderr } = await lab.client.exec([...fromSource, "status", "--socket", socket]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `pulsebox: no pulsebox ha answers at ${socket}: ENOENT (it does not run here: start its service, or name its socket with --socket)\n`,
  });
});
