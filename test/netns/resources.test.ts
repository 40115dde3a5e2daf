// Resource groups of real things: an init script that serves TCP, OCF agents of Debian's resource-agents, addresses between
// them. Their own log tells in which order they came and went, and a client on the network what it sees of it.

import { existsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { ClusterLab } from "../support/cluster.ts";
import { available } from "../support/netns.ts";
import { ServiceBox } from "../support/service-box.ts";
import { until } from "../support/until.ts";

const agents = "/usr/lib/ocf/resource.d/heartbeat";
const missing = existsSync(`${agents}/Dummy`)
  ? undefined
  : `${agents} is missing; the Debian package is resource-agents`;
const why = available() ?? (process.getuid?.() === 0 ? missing : "only root may mount");
if (why !== undefined) console.warn(`resource groups: skipped, ${why}`);

let lab: ClusterLab | undefined;
let box: ServiceBox | undefined;

afterEach(async () => {
  await lab?.dispose();
  await box?.dispose();
  lab = undefined;
  box = undefined;
});

async function place(resources: readonly string[]): Promise<{ lab: ClusterLab; box: ServiceBox }> {
  lab = await ClusterLab.create({ resources, keepalive: "200ms", deadtime: "1s" });
  box = await ServiceBox.install(
    lab.directors.map(({ namespace }) => namespace),
    ["before", "web", "after"],
  );
  return { lab, box };
}

/** Waits until the service address is answered by that node. */
async function answers({ client, vip }: ClusterLab, node: string): Promise<void> {
  await until(`${node} answers at ${vip}`, async () => {
    const { stdout } = await client.exec(["bash", "-c", `timeout 1 cat < /dev/tcp/${vip}/8080`]);
    return stdout.trim() === node;
  });
}

const group = ["before", "10.77.0.50/24", "web::8080", "ocf:heartbeat:Dummy", "after"];
const item = (words: readonly string[], more = ""): string =>
  `{ node: director1, group: [${words.map((word) => `"${word}"`).join(", ")}]${more} }`;

test.skipIf(why)(
  "a group comes in order and goes in reverse, on both nodes, and a daemon that died begins by clearing up",
  async () => {
    const { lab, box } = await place([item(group)]);
    const { director1, director2 } = lab;
    await lab.start();
    await lab.settled(director1);
    await box.logged(["director1 before start", "director1 web start", "director1 after start"]);
    await answers(lab, "director1");
    expect((await director1.command("standby")).code).toBe(0);
    await box.logged(
      [
        ...["director1 after stop", "director1 web stop", "director1 before stop"],
        ...["director2 before start", "director2 web start", "director2 after start"],
      ],
      3,
    );
    await answers(lab, "director2");
    const [group1] = (await director2.status()).groups;
    expect(group1?.items.map(({ word, state }) => `${word} ${state}`)).toEqual(
      group.map((word) => `${word} running`),
    );
    await director2.end("SIGKILL");
    await director1.holds(lab.vip);
    await answers(lab, "director1");
    const before = (await box.log()).length;
    await director2.start();
    await box.logged(["director2 after stop", "director2 web stop", "director2 before stop"], before);
  },
);

test.skipIf(why)(
  "a service that dies is restarted in place, and goes to the other node when that does not help",
  async () => {
    const { lab, box } = await place([item(group, ", monitor: { interval: 200ms, restarts: 1 }")]);
    const { director1, director2 } = lab;
    await lab.start();
    await lab.settled(director1);
    await box.logged(["director1 before start", "director1 web start", "director1 after start"]);
    await until("the script is watched", async () => director1.log.includes("Local Resource acquisition"));
    // The first look after a start comes within a second, and tells that status can be believed.
    await until("web was looked at", async () => (await director1.status()).stable);
    await box.crash("director1", "web");
    await box.logged(
      [
        ...["director1 after stop", "director1 web stop"],
        ...["director1 web start", "director1 after start"],
      ],
      3,
    );
    await answers(lab, "director1");
    const since = director1.log.length;
    await until("it answers again", async () => (await director1.status()).stable);
    await box.crash("director1", "web");
    await lab.settled(director2);
    await answers(lab, "director2");
    expect(director1.log.slice(since)).toMatch(/Giving up resources due to failure of web::8080/);
    expect((await director1.status()).groups[0]).toMatchObject({
      owner: "director2",
      failed: expect.stringContaining("web::8080 status: exit code 3"),
    });
    const told = await director1.command("why");
    expect(told.stdout).toContain("this node gives the group up");
    // Nothing goes back by itself; an operator who wants it back gets it.
    expect((await director1.command("takeover")).code).toBe(0);
    await answers(lab, "director1");
  },
);

test.skipIf(why)(
  "what cannot be stopped stays where it is with stop_failed: block, until somebody has helped",
  async () => {
    const settings = ", stop_failed: block, stop_retries: 0, timeouts: { stop: 2s }";
    const { lab, box } = await place([item(["10.77.0.50/24", "web::8080"], settings)]);
    const { director1, director2 } = lab;
    await lab.start();
    await lab.settled(director1);
    await box.order("director1", "web", "stop", "sleep 60");
    const refused = await director1.command("standby");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("web::8080 cannot be stopped");
    await lab.settled(director1);
    expect(await director2.addresses()).not.toContain(lab.vip);
    await answers(lab, "director1");
    expect(director1.log).toMatch(/CRIT: Group director1 .* is stuck on this node: .*timed out/);
    await box.order("director1", "web", "stop", undefined);
    expect((await director1.command("cleanup")).code).toBe(0);
    expect(await director1.command("standby")).toMatchObject({ code: 0, stderr: "" });
    await answers(lab, "director2");
  },
);
