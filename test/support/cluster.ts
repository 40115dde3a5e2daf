// Two real daemons in two network namespaces and a client beside them: a switch that joins all three (eth0), and a private
// cross cable between the directors (eth1). The daemons run from source, or from a built binary when one is named.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, askDaemon } from "../../firmware/console/operator-client.ts";
import type { Snapshot } from "../../firmware/core/snapshot.ts";
import type { DoorRequest } from "../../firmware/ports/operator.ts";
import { type ClusterOptions, clusterFile } from "./cluster-file.ts";
import { type Bridge, type CommandResult, Lab, type Namespace } from "./netns.ts";
import { until } from "./until.ts";

const root = new URL("../..", import.meta.url).pathname;

/** How the daemon is called; the arguments of the command follow. */
export const fromSource: readonly string[] = [process.execPath, join(root, "firmware/main.ts")];

export interface ClusterLabOptions extends ClusterOptions {
  readonly program?: readonly string[];
  /** Real-time priority and locked memory, as on a box; for measurements. */
  readonly realtime?: boolean;
}

export class ClusterLab {
  readonly director1: Director;
  readonly director2: Director;
  readonly client: Namespace;
  readonly vip: string;
  readonly #lab: Lab;
  readonly #directory: string;

  private constructor(
    lab: Lab,
    directory: string,
    directors: readonly [Director, Director],
    client: Namespace,
  ) {
    this.#lab = lab;
    this.#directory = directory;
    [this.director1, this.director2] = directors;
    this.client = client;
    this.vip = "10.77.0.50";
  }

  static async create(options: ClusterLabOptions = {}): Promise<ClusterLab> {
    const lab = await Lab.create();
    try {
      const directory = await mkdtemp(join(tmpdir(), "pulsebox-cluster-"));
      await writeFile(join(directory, "cluster.yaml"), clusterFile(options));
      const lan = await lab.bridge("lan");
      const directors = [
        await placeDirector(lab, lan, directory, 1, options),
        await placeDirector(lab, lan, directory, 2, options),
      ] as const;
      await lab.veth(
        { namespace: directors[0].namespace, interface: "eth1", addresses: ["10.78.0.1/24"] },
        { namespace: directors[1].namespace, interface: "eth1", addresses: ["10.78.0.2/24"] },
      );
      const client = await lab.namespace("client");
      await lan.connect({ namespace: client, interface: "eth0", addresses: ["10.77.0.100/24"] });
      return new ClusterLab(lab, directory, directors, client);
    } catch (error) {
      await lab.dispose();
      throw error;
    }
  }

  get directors(): readonly Director[] {
    return [this.director1, this.director2];
  }

  /** Starts both and waits until each group has an owner that both agree on. */
  async start(): Promise<void> {
    await Promise.all(this.directors.map((director) => director.start()));
    await this.settled();
  }

  /** Waits until both say that ownership is settled, and `owner`, when given, has the address. */
  async settled(owner?: Director): Promise<void> {
    await until("both nodes are stable and agree on the owner", async () => {
      const [a, b] = await Promise.all(this.directors.map((director) => director.status()));
      const [one, other] = [a?.groups[0]?.owner, b?.groups[0]?.owner];
      const agreed = one !== undefined && one === other && (owner === undefined || owner.name === one);
      return a?.stable === true && b?.stable === true && agreed;
    });
  }

  async dispose(): Promise<void> {
    await this.#lab.dispose();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

async function placeDirector(
  lab: Lab,
  lan: Bridge,
  directory: string,
  number: number,
  options: ClusterLabOptions,
): Promise<Director> {
  const name = `director${number}`;
  const namespace = await lab.namespace(name);
  const addresses = [`10.77.0.${number}/24`];
  const port = await lan.connect({ namespace, interface: "eth0", addresses });
  const state = join(directory, name);
  await mkdir(state);
  return new Director({
    name,
    namespace,
    lan,
    port,
    state,
    config: join(directory, "cluster.yaml"),
    options,
  });
}

interface DirectorParts {
  readonly name: string;
  readonly namespace: Namespace;
  readonly lan: Bridge;
  readonly port: string;
  readonly state: string;
  readonly config: string;
  readonly options: ClusterLabOptions;
}

export class Director {
  readonly name: string;
  readonly namespace: Namespace;
  readonly socket: string;
  /** Everything that it wrote since it was made, over all its starts. */
  log = "";
  readonly #parts: DirectorParts;
  #process: ChildProcess | undefined;

  constructor(parts: DirectorParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.namespace = parts.namespace;
    this.socket = join(parts.state, "ha.sock");
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the daemon and waits until it answers. */
  async start(): Promise<void> {
    const { config, state, options } = this.#parts;
    const argv = [...(options.program ?? fromSource), "ha", "--config", config, "--state", state];
    const realtime = options.realtime === true ? [] : ["--no-realtime"];
    const child = this.namespace.spawn([...argv, "--socket", this.socket, ...realtime], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.log += chunk;
    });
    this.#process = child;
    await until(`${this.name} answers its operator`, async () => {
      if (child.exitCode !== null) throw new Error(`${this.name} ended with ${child.exitCode}: ${this.log}`);
      return existsSync(this.socket) && (await this.status().catch(() => undefined)) !== undefined;
    });
  }

  /** Sends a signal and waits for the end; resolves with the exit code, undefined if the signal itself ended it. */
  async end(signal: NodeJS.Signals): Promise<number | undefined> {
    const child = this.#process;
    if (child === undefined) throw new Error(`${this.name} does not run`);
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
    this.#process = undefined;
    return child.exitCode ?? undefined;
  }

  /** Sends a signal to the daemon and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  ask(request: DoorRequest): Promise<Answer> {
    return askDaemon(this.socket, request);
  }

  async status(): Promise<Snapshot> {
    const { snapshot } = await this.ask({ command: "status" });
    if (snapshot === undefined) throw new Error(`${this.name} answered without a snapshot`);
    return snapshot;
  }

  /** Runs a command of the command line against this daemon. */
  command(...args: string[]): Promise<CommandResult> {
    const program = this.#parts.options.program ?? fromSource;
    return this.namespace.exec([...program, ...args, "--socket", this.socket]);
  }

  /** Waits until the log has a line that matches, from the character `since` on. */
  async said(pattern: RegExp, since = 0): Promise<void> {
    await until(`the log of ${this.name} has ${pattern}`, async () => pattern.test(this.log.slice(since)));
  }

  /** Waits until the interface has the address, or has it no longer. */
  async holds(address: string, wanted = true): Promise<void> {
    await until(`${this.name} ${wanted ? "has" : "has not"} ${address}`, async () => {
      return (await this.addresses()).includes(address) === wanted;
    });
  }

  /** The IPv4 addresses of all interfaces. */
  async addresses(): Promise<readonly string[]> {
    const text = await this.namespace.run(["ip", "-4", "-o", "addr", "show"]);
    return [...text.matchAll(/ inet ([0-9.]+)\//g)].map((match) => match[1] ?? "");
  }

  /** Pulls or plugs the cable to the switch: the carrier goes, the addresses stay. */
  async plug(cable: "eth0" | "eth1", state: "up" | "down"): Promise<void> {
    const { lan, port } = this.#parts;
    if (cable === "eth0") await lan.namespace.run(["ip", "link", "set", port, state]);
    else await this.namespace.run(["ip", "link", "set", "eth1", state]);
  }

  /** Power off, as the others see it: the daemon dies without a word and all links go at once. */
  async cutPower(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined) throw new Error(`${this.name} does not run`);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await Promise.all([gone, this.plug("eth0", "down"), this.plug("eth1", "down")]);
    this.#process = undefined;
  }

  /** Power on again: a box begins without the addresses that it held, then links, then the daemon. */
  async powerOn(vip: string): Promise<void> {
    await this.namespace.exec(["ip", "addr", "del", `${vip}/24`, "dev", "eth0"]);
    await this.plug("eth1", "up");
    await this.plug("eth0", "up");
    await this.start();
  }
}
