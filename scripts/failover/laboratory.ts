// The place where all contenders are measured: two boxes and a client on a switch (eth0), a private cable between the boxes
// (eth1), and a server that is reached by way of the service address. Both cables of a box go through one namespace, so that
// one command cuts them together, as a power cut does. The replies of the server go to the client directly, as in
// LVS's direct routing: what the client has open to it passes the owner of the address in one direction.

import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientPing } from "../../test/support/client-ping.ts";
import { type Bridge, Lab, type Namespace } from "../../test/support/netns.ts";
import { until } from "../../test/support/until.ts";
import type { AddressChange } from "./holdings.ts";
import { SignsOfLife } from "./signs-of-life.ts";

export const serviceAddress = "10.77.0.50";
/** Behind the service address: the client's only way to it. */
export const serverAddress = "10.80.0.9";
/** Milliseconds between two questions of the client: the resolution of every blackout. */
const questions = 2;

export class Laboratory {
  readonly boxes: readonly [Box, Box];
  readonly client: Namespace;
  readonly server: Namespace;
  readonly ping: ClientPing;
  readonly signs: SignsOfLife;
  readonly #lab: Lab;
  readonly #directory: string;

  private constructor(
    parts: Pick<Laboratory, "boxes" | "client" | "server" | "signs">,
    lab: Lab,
    directory: string,
  ) {
    this.boxes = parts.boxes;
    this.client = parts.client;
    this.server = parts.server;
    this.signs = parts.signs;
    this.ping = new ClientPing(this.client, serviceAddress, questions);
    this.#lab = lab;
    this.#directory = directory;
  }

  static async create(): Promise<Laboratory> {
    const lab = await Lab.create();
    const directory = await mkdtemp(join(tmpdir(), "pulsebox-failover-"));
    try {
      const lan = await lab.bridge("lan");
      await lan.namespace.run(["ip", "link", "add", "br1", "type", "bridge", "forward_delay", "0"]);
      await lan.namespace.run(["ip", "link", "set", "br1", "up"]);
      const boxes = [
        await Box.place(lab, lan, directory, 1),
        await Box.place(lab, lan, directory, 2),
      ] as const;
      const [client, server] = [await lab.namespace("client"), await lab.namespace("server")];
      await lan.connect({ namespace: client, interface: "eth0", addresses: ["10.77.0.100/24"] });
      await lan.connect({ namespace: server, interface: "eth0", addresses: ["10.77.0.9/24"] });
      await server.run(["ip", "addr", "add", `${serverAddress}/32`, "dev", "lo"]);
      await client.run(["ip", "route", "add", "10.80.0.0/24", "via", serviceAddress]);
      const signs = await SignsOfLife.listen(lan.namespace);
      return new Laboratory({ boxes, client, server, signs }, lab, directory);
    } catch (error) {
      await lab.dispose();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ping.stop();
    await this.#lab.dispose();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export class Box {
  readonly name: string;
  readonly number: 1 | 2;
  readonly namespace: Namespace;
  /** For whatever its daemon keeps. */
  readonly directory: string;
  readonly lan: Bridge;
  readonly port: string;
  /** How the service address came to its kernel and went, in the order of time. */
  readonly changes: AddressChange[] = [];
  readonly #cable: string;

  private constructor(
    parts: Pick<Box, "name" | "number" | "namespace" | "directory" | "lan" | "port">,
    cable: string,
  ) {
    this.name = parts.name;
    this.number = parts.number;
    this.namespace = parts.namespace;
    this.directory = parts.directory;
    this.lan = parts.lan;
    this.port = parts.port;
    this.#cable = cable;
  }

  static async place(lab: Lab, lan: Bridge, directory: string, number: 1 | 2): Promise<Box> {
    const name = `director${number}`;
    const namespace = await lab.namespace(name);
    const port = await lan.connect({ namespace, interface: "eth0" });
    const cable = `cable${number}`;
    await lab.veth({ namespace, interface: "eth1" }, { namespace: lan.namespace, interface: cable });
    await lan.namespace.run(["ip", "link", "set", cable, "master", "br1"]);
    const configure = [
      `ip addr add 10.77.0.${number}/24 brd + dev eth0`,
      `ip addr add 10.78.0.${number}/24 brd + dev eth1`,
      "sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 net.ipv4.ip_forward=1",
      "ip route add 10.80.0.0/24 via 10.77.0.9",
      "mount -t tmpfs tmpfs /run",
    ];
    await namespace.run(["sh", "-c", configure.join(" && ")]);
    const own = await mkdtemp(join(directory, `${name}-`));
    const box = new Box({ name, number, namespace, directory: own, lan, port }, cable);
    box.#watch(namespace.spawn(["ip", "-o", "monitor", "address"], { stdio: ["ignore", "pipe", "ignore"] }));
    return box;
  }

  /** Pulls or plugs both cables. */
  async plug(state: "up" | "down"): Promise<void> {
    const batch = `link set ${this.port} ${state}\nlink set ${this.#cable} ${state}\n`;
    const { code, stderr } = await this.lan.namespace.exec(["ip", "-batch", "-"], batch);
    if (code !== 0) throw new Error(`the cables of ${this.name} could not be set ${state}: ${stderr}`);
  }

  /** Whether its kernel has the service address. */
  get holds(): boolean {
    return this.changes.at(-1)?.present === true;
  }

  /** Resolves with the moment at which its kernel got the service address; `since` if it had it by then. */
  async took(since: number, timeout: number): Promise<number> {
    const before = this.changes.findLast(({ at }) => at < since);
    if (before?.present === true) return since;
    const found = () => this.changes.find(({ at, present }) => present && at >= since)?.at;
    await until(`${this.name} has ${serviceAddress}`, () => found() !== undefined, timeout);
    return found() ?? Number.NaN;
  }

  /** What a box has lost after its power was cut: what its daemon had put into the kernel. */
  async forget(): Promise<void> {
    if (!this.holds) return;
    await this.namespace.exec(["ip", "addr", "del", `${serviceAddress}/24`, "dev", "eth0"]);
    await this.namespace.exec(["ip", "addr", "del", `${serviceAddress}/32`, "dev", "eth0"]);
    await until(`${this.name} has no longer ${serviceAddress}`, () => !this.holds);
  }

  #watch(monitor: ChildProcess): void {
    let rest = "";
    monitor.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.includes(` ${serviceAddress}/`)) continue;
        this.changes.push({ at: performance.now(), present: !line.startsWith("Deleted") });
      }
    });
  }
}
