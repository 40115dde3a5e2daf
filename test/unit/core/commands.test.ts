// What is run for each kind of resource, and how its end is read: as heartbeat's ResourceManager reads scripts, as the OCF
// resource agent API says of agents.

import { expect, test } from "vitest";
import type { ProgramOutcome } from "../../../firmware/core/program.ts";
import {
  outcomeWords,
  programFor,
  type Verdict,
  verdictOf,
} from "../../../firmware/core/resource/commands.ts";
import { isProgram, type ProgramResource } from "../../../firmware/core/resource/group-state.ts";
import { resourceGroup } from "../../support/cluster-config.ts";

const FAILOVER = { www: { start: ["/etc/init.d/httpd", "start"], stop: ["/etc/init.d/httpd", "stop"] } };

function resource(word: string): ProgramResource {
  const [first] = resourceGroup({ node: "n1", group: [word] }, FAILOVER).resources;
  if (first === undefined || !isProgram(first)) throw new Error(`${word} has no programs`);
  return first;
}

const group = resourceGroup({
  node: "n1",
  group: ["httpd"],
  timeouts: { start: 1000, stop: 2000, status: 3000 },
  monitor: { interval: 4000, timeout: 5000 },
});
const command = (word: string, action: Parameters<typeof programFor>[1]) =>
  programFor(resource(word), action, { self: "n1", group });

test("a script is called with its arguments and then the action, and looked up as ResourceManager does", () => {
  expect(command("Filesystem::/dev/sda1::/data", "start")).toEqual({
    command: ["Filesystem", "/dev/sda1", "/data", "start"],
    search: ["/etc/ha.d/resource.d", "/etc/init.d"],
    environment: { HA_DIR: "/etc/ha.d", HA_FUNCS: "/etc/ha.d/shellfuncs", HA_CURHOST: "n1" },
    timeout: 1000,
  });
  expect(command("httpd", "monitor")).toMatchObject({ command: ["httpd", "status"], timeout: 5000 });
});

test("a script with a path is run as it is", () => {
  expect(command("/opt/feed::fast", "stop")).toMatchObject({
    command: ["/opt/feed", "fast", "stop"],
    timeout: 2000,
  });
  expect(command("/opt/feed", "stop")).not.toHaveProperty("search");
});

test("an agent gets its parameters by the environment, and a probe is told from a look at what should run", () => {
  const agent = command("ocf:heartbeat:Dummy::state=/run/x::fake=a b".replace(" ", "_"), "status");
  expect(agent).toEqual({
    command: ["/usr/lib/ocf/resource.d/heartbeat/Dummy", "monitor"],
    environment: {
      OCF_ROOT: "/usr/lib/ocf",
      OCF_RA_VERSION_MAJOR: "1",
      OCF_RA_VERSION_MINOR: "1",
      OCF_RESOURCE_INSTANCE: "Dummy__run_x_a_b",
      OCF_RESOURCE_TYPE: "Dummy",
      OCF_RESOURCE_PROVIDER: "heartbeat",
      OCF_RESKEY_CRM_meta_interval: "0",
      OCF_RESKEY_CRM_meta_timeout: "3000",
      OCF_RESKEY_state: "/run/x",
      OCF_RESKEY_fake: "a_b",
    },
    timeout: 3000,
  });
  expect(command("ocf:heartbeat:Dummy", "monitor")?.environment).toMatchObject({
    OCF_RESKEY_CRM_meta_interval: "4000",
  });
});

test("a failover service has two commands and cannot be asked", () => {
  expect(command("www", "start")).toEqual({
    command: ["/etc/init.d/httpd", "start"],
    environment: { HA_CURHOST: "n1" },
    timeout: 1000,
  });
  expect(command("www", "status")).toBeUndefined();
});

const exit = (code: number): ProgramOutcome => ({ kind: "exit", code });

test.each<[string, string, ProgramOutcome, string, Verdict]>([
  ["a script that says so", "httpd", exit(0), "httpd (pid 7) is running...", "running"],
  ["one that says OK", "httpd", exit(0), "INFO: Running OK", "running"],
  ["one that says so and exits with an error", "httpd", exit(1), "running", "running"],
  ["not running", "httpd", exit(0), "httpd is NOT running", "stopped"],
  ["no words, whatever the exit code", "httpd", exit(0), "", "stopped"],
  ["usage", "httpd", exit(2), "Usage: httpd start|stop", "stopped"],
  ["a script that hangs", "httpd", { kind: "timeout" }, "", "unclear"],
  ["a script that is not there", "httpd", { kind: "error", error: "ENOENT" }, "", "stopped"],
  ["OCF_SUCCESS", "ocf:heartbeat:Dummy", exit(0), "", "running"],
  ["OCF_RUNNING_PROMOTED", "ocf:heartbeat:Dummy", exit(8), "", "running"],
  ["OCF_NOT_RUNNING", "ocf:heartbeat:Dummy", exit(7), "running", "stopped"],
  ["OCF_ERR_INSTALLED", "ocf:heartbeat:Dummy", exit(5), "", "stopped"],
  ["OCF_ERR_GENERIC", "ocf:heartbeat:Dummy", exit(1), "", "unclear"],
  ["an agent that was shot", "ocf:heartbeat:Dummy", { kind: "signal", signal: "SIGKILL" }, "", "unclear"],
])("status: %s", (_, word, outcome, output, verdict) => {
  expect(verdictOf(resource(word), outcome, output)).toBe(verdict);
});

test("what a program says last is told, without anything that could steer a terminal", () => {
  expect(outcomeWords(exit(1), "first\nno such share \u001b[2J\n")).toBe("exit code 1: no such share ?[2J");
  expect(outcomeWords({ kind: "timeout" }, "")).toBe("timed out");
  expect(outcomeWords({ kind: "error", error: "ENOENT: no httpd" }, "")).toBe("ENOENT: no httpd");
});
