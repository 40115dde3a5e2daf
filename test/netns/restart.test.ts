// The daemon dies and comes back on a box that lives on: what it left in the kernel is found there and dealt with.

import { afterEach, expect, test } from "vitest";
import { ClusterLab } from "../support/cluster.ts";
import { reasonToSkip } from "../support/netns.ts";

const why = reasonToSkip("restart of a daemon");

let lab: ClusterLab | undefined;

afterEach(async () => {
  await lab?.dispose();
  lab = undefined;
});

test.skipIf(why)("killed and started again at once: the address is held by one node at the end", async () => {
  lab = await ClusterLab.create();
  await lab.start();
  await lab.settled(lab.director1);
  await lab.director1.end("SIGKILL");
  expect(await lab.director1.addresses()).toContain(lab.vip);
  await lab.director1.start();
  await lab.settled(lab.director1);
  await lab.director1.holds(lab.vip);
  await lab.director2.holds(lab.vip, false);
});

test.skipIf(why)(
  "killed, and back after the peer took over: the leftover address goes, nobody keeps it twice",
  async () => {
    lab = await ClusterLab.create({ autoFailback: "off" });
    await lab.start();
    await lab.settled(lab.director1);
    await lab.director1.end("SIGKILL");
    await lab.director2.holds(lab.vip);
    expect(await lab.director1.addresses()).toContain(lab.vip);
    await lab.director1.start();
    await lab.settled(lab.director2);
    await lab.director1.holds(lab.vip, false);
    expect(await lab.director2.addresses()).toContain(lab.vip);
  },
);

test.skipIf(why)("an address that somebody takes away is put back", async () => {
  lab = await ClusterLab.create();
  await lab.start();
  await lab.settled(lab.director1);
  await lab.director1.namespace.run(["ip", "addr", "del", `${lab.vip}/24`, "dev", "eth0"]);
  await lab.director1.holds(lab.vip);
});

test.skipIf(why)(
  "the daemon runs with real-time priority and locked memory, or says in one line what it was refused",
  async () => {
    lab = await ClusterLab.create({ realtime: true });
    await lab.director1.start();
    const { pid } = lab.director1;
    const policy = await lab.director1.namespace.run(["chrt", "--pid", `${pid}`]);
    const locked = await lab.director1.namespace.run(["grep", "VmLck", `/proc/${pid}/status`]);
    const refused = lab.director1.log.match(/WARN: Running without .*/g) ?? [];
    expect(refused.length).toBeLessThanOrEqual(1);
    const [line = ""] = refused;
    expect(policy.includes("SCHED_RR")).toBe(!line.includes("real-time priority"));
    expect(/ 0 kB/.test(locked)).toBe(line.includes("locked memory"));
  },
);

test.skipIf(why)("a second signal ends at once", async () => {
  lab = await ClusterLab.create();
  await lab.start();
  await lab.settled(lab.director1);
  for (const signal of ["SIGSTOP", "SIGTERM", "SIGINT"] as const) lab.director1.signal(signal);
  const code = await lab.director1.end("SIGCONT");
  expect([128 + 2, 128 + 15]).toContain(code);
  await lab.director1.said(/CRIT: Second SIG(INT|TERM): ending at once, not in order/);
});
