// Resource groups of real things: an init script that serves TCP, OCF agents of Debian's resource-agents, addresses between
// them. Their own log tells in which order they came and went, and a client on the network what it sees of it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ClusterLab, type ClusterLabOptions, fromSource } from "../support/cluster.ts";
import { MixedCluster } from "../support/mixed-cluster.ts";
import { available, reasonToSkip } from "../support/netns.ts";
import { realHeartbeatAvailable } from "../support/real-heartbeat.ts";
import { ServiceBox } from "../support/service-box.ts";
import { until } from "../support/until.ts";

const agents = "/usr/lib/ocf/resource.d/heartbeat";
const missing = existsSync(`${agents}/Dummy`)
  ? undefined
  : `${agents} is missing; the Debian package is resource-agents`;
const why = reasonToSkip(
  "resource groups",
  available() ?? (process.getuid?.() === 0 ? missing : "only root may mount"),
);

let lab: ClusterLab | undefined;
let box: ServiceBox | undefined;

let mixed: MixedCluster | undefined;

afterEach(async () => {
  await mixed?.dispose();
  mixed = undefined;
  await lab?.dispose();
  await box?.dispose();
  lab = undefined;
  box = undefined;
});

async function place(
  resources: readonly string[],
  more: ClusterLabOptions = {},
): Promise<{ lab: ClusterLab; box: ServiceBox }> {
  lab = await ClusterLab.create({ resources, keepalive: "200ms", deadtime: "1s", ...more });
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

/** A PID namespace stands for the machine: reboot(2) ends its first process, which is the daemon (pid_namespaces(7)). */
const machine = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", ...fromSource];

test.skipIf(why)("what cannot be stopped ends its machine, and the other node takes over", async () => {
  const settings = ", stop_retries: 0, timeouts: { stop: 2s }";
  const { lab, box } = await place([item(["10.77.0.50/24", "web::8080"], settings)], { program: machine });
  const { director1, director2 } = lab;
  await lab.start();
  await lab.settled(director1);
  await box.order("director1", "web", "stop", "sleep 60");
  const { pid } = director1;
  await director1.ask({ command: "standby", scope: "all" }).catch(() => {}); // it dies before it can answer
  await until("the machine of director1 is gone", () => !existsSync(`/proc/${pid}`));
  expect(director1.log).toMatch(/CRIT: Resource STOP failure. Reboot required! web::8080 cannot be stopped/);
  await director2.holds(lab.vip);
  await director2.said(/node director1: is dead/);
});

test.skipIf(why)(
  "a failover service is watched by connecting to it, and restarted when it does not answer",
  async () => {
    const command = (action: string): string => `[/etc/init.d/web, "8080", ${action}]`;
    const check = "{ port: 8080, expect: director, interval: 200ms, timeout: 2s, fall: 2 }";
    const sections = `failover:
  www: { start: ${command("start")}, stop: ${command("stop")}, check: ${check} }
`;
    const { lab, box } = await place(
      [item(["10.77.0.50/24", "www"], ", monitor: { restarts: 1 }, timeouts: { start: 2s }")],
      {
        sections,
      },
    );
    const { director1, director2 } = lab;
    await lab.start();
    await lab.settled(director1);
    await answers(lab, "director1");
    const since = director1.log.length;
    await box.crash("director1", "web");
    await director1.said(/Resource www failed: check: /, since);
    await answers(lab, "director1");
    await box.crash("director1", "web");
    await answers(lab, "director2");
    await lab.settled(director2);
    expect(director1.log).toContain("Giving up resources due to failure of www");
  },
);

const whyNotMixed = why ?? realHeartbeatAvailable();

test.skipIf(whyNotMixed)(
  "a node of ours and one of heartbeat share a script, moved by each and by a failure",
  async () => {
    const settings = ", monitor: { interval: 500ms, restarts: 0 }";
    mixed = await MixedCluster.create({ word: "web::8080", settings });
    const { ours, real } = mixed;
    box = await ServiceBox.install([ours.namespace], ["web"]);
    const copy = await real.exec(["cp", join(box.folder, "init.d/web"), "/etc/ha.d/resource.d/web"]);
    expect(copy).toMatchObject({ code: 0, stderr: "" });
    await mixed.start();
    await box.logged(["director1 web start"]);
    expect(await ours.command("standby", "local")).toMatchObject({ code: 0, stderr: "" });
    await mixed.settled("none");
    await box.logged(["director1 web stop", "director2 web start"], 1);
    await real.operate("hb_standby", "foreign");
    await mixed.settled("local");
    await box.logged(["director2 web stop", "director1 web start"], 3);
    await real.operate("hb_takeover", "foreign");
    await mixed.settled("none");
    expect(await ours.command("takeover", "local")).toMatchObject({ code: 0, stderr: "" });
    await mixed.settled("local");
    const before = (await box.log()).length;
    await until("the script was looked at", async () => !/not watched/.test(ours.log));
    await box.crash("director1", "web");
    await mixed.settled("none");
    await box.logged(["director1 web stop", "director2 web start"], before);
    expect(ours.log).toMatch(/Handing resources of director1 over to director2: web::8080 status/);
  },
);
