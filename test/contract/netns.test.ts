// The contract of the network laboratory that other tests stand on: what it makes is apart from the machine, and nothing stays.
// Facts are read back from iproute2 and /proc, not from the laboratory itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Lab, reasonToSkip } from "../support/netns.ts";

const reason = reasonToSkip("network laboratory");

describe.skipIf(reason !== undefined)("network laboratory", () => {
  it("joins two namespaces by a cable", async () => {
    await using lab = await Lab.create();
    const [a, b] = [await lab.namespace("a"), await lab.namespace("b")];
    await lab.veth(
      { namespace: a, interface: "eth0", mac: "02:00:00:00:00:01", addresses: ["10.0.0.1/24"] },
      { namespace: b, interface: "eth1", addresses: ["10.0.0.2/24", "fd00::2/64"] },
    );
    expect((await a.exec(["ping", "-c1", "-W2", "10.0.0.2"])).code).toBe(0);
    expect(await a.run(["cat", "/sys/class/net/eth0/address"])).toBe("02:00:00:00:00:01\n");
  });

  it("joins several namespaces by a bridge", async () => {
    await using lab = await Lab.create();
    const bridge = await lab.bridge("switch");
    const namespaces = [await lab.namespace("a"), await lab.namespace("b"), await lab.namespace("c")];
    for (const [index, namespace] of namespaces.entries()) {
      await bridge.connect({ namespace, interface: "eth0", addresses: [`10.0.0.${index + 1}/24`] });
    }
    const [a, , c] = namespaces;
    expect((await a?.exec(["ping", "-c1", "-W2", "10.0.0.3"]))?.code).toBe(0);
    await bridge.namespace.run(["ip", "link", "set", "port3", "down"]);
    expect(await c?.run(["cat", "/sys/class/net/eth0/carrier"])).toBe("0\n");
  });

  it("tells a failing command's code and words", async () => {
    await using lab = await Lab.create();
    const a = await lab.namespace("a");
    expect(await a.exec(["sh", "-c", "cat; echo no >&2; exit 3"], "in")).toEqual({
      stdout: "in",
      stderr: "no\n",
      code: 3,
    });
    expect((await a.exec(["sh", "-c", "kill -9 $$"])).code).toBe(137);
    await expect(a.run(["ip", "link", "show", "eth7"])).rejects.toThrow(
      '"ip link show eth7" in namespace a ended with 1: Device "eth7" does not exist.',
    );
  });

  it("starts processes that are in the namespace, in the working directory, under their own process id", async () => {
    await using lab = await Lab.create();
    const a = await lab.namespace("a");
    const child = a.spawn(["sh", "-c", "pwd; exec sleep 1000"], { stdio: ["ignore", "pipe", "inherit"] });
    const [directory] = child.stdout === null ? [] : await once(child.stdout, "data");
    expect(`${directory}`.trim()).toBe(process.cwd());
    expect(readlinkSync(`/proc/${child.pid}/ns/net`)).toBe(readlinkSync(`/proc/${a.pid}/ns/net`));
    expect(readlinkSync(`/proc/${child.pid}/ns/net`)).not.toBe(readlinkSync("/proc/self/ns/net"));
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
  });

  it("leaves no process behind, also when a test throws", async () => {
    const pids: (number | undefined)[] = [];
    const failing = async (): Promise<void> => {
      await using lab = await Lab.create();
      const a = await lab.namespace("a");
      pids.push(a.pid, a.spawn(["sleep", "1000"]).pid);
      throw new Error("the test failed");
    };
    await expect(failing()).rejects.toThrow("the test failed");
    expect(pids.map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, false]);
  });

  it("leaves no process behind when the program that made it is killed", async () => {
    const program = `
      const { Lab } = await import("./test/support/netns.ts");
      const a = await (await Lab.create()).namespace("a");
      console.log(a.pid, a.spawn(["sleep", "1000"], { stdio: "ignore" }).pid);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    for (const pid of `${line}`.trim().split(" ")) {
      await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5_000, interval: 10 }).toBe(false);
    }
  });
});
