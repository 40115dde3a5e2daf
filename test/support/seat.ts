// One node of a cluster of two, whatever runs on it: what a pulsebox daemon and Debian's heartbeat have in common for the tests
// that play the same story with both.

import type { ResourceScope } from "../../firmware/core/event.ts";
import type { Holding } from "../../firmware/core/heartbeat/body.ts";
import type { Director } from "./cluster.ts";
import type { Place } from "./mixed-files.ts";
import type { Bridge, Namespace } from "./netns.ts";
import type { RealHeartbeat } from "./real-heartbeat.ts";
import { until } from "./until.ts";

export interface Cabling {
  readonly namespace: Namespace;
  readonly lan: Bridge;
  /** The switch's port of eth0. */
  readonly port: string;
}

/** What runs on a node, as the operator of its box sees it. */
export interface Software {
  readonly isOurs: boolean;
  start(): Promise<void>;
  /** The orderly end. */
  stop(): Promise<void>;
  /** kill -9 of everything that belongs to it; what the kernel has stays. */
  kill(): Promise<void>;
  operate(command: "standby" | "takeover", scope: ResourceScope): Promise<void>;
  /** What it says it holds; "transition" while that is not settled. */
  says(): Promise<string>;
  log(): Promise<string>;
}

export class Seat {
  readonly place: Place;
  readonly namespace: Namespace;
  readonly #lan: Bridge;
  readonly #port: string;
  readonly #other: Place;
  software: Software;

  constructor(place: Place, other: Place, cabling: Cabling, software: Software) {
    this.place = place;
    this.#other = other;
    this.namespace = cabling.namespace;
    this.#lan = cabling.lan;
    this.#port = cabling.port;
    this.software = software;
  }

  /** Pulls or plugs a cable: the carrier goes, the addresses stay. */
  async plug(cable: "eth0" | "eth1", state: "up" | "down"): Promise<void> {
    if (cable === "eth0") await this.#lan.namespace.run(["ip", "link", "set", this.#port, state]);
    else await this.namespace.run(["ip", "link", "set", "eth1", state]);
  }

  /** Power off, as the others see it: it dies without a word and its links go at once. */
  async cutPower(): Promise<void> {
    await Promise.all([this.software.kill(), this.plug("eth0", "down"), this.plug("eth1", "down")]);
  }

  /** Power on again: a box begins without the addresses that it held, then links, then its daemon. */
  async powerOn(): Promise<void> {
    for (const { vip } of [this.place, this.#other])
      await this.namespace.exec(["ip", "addr", "del", `${vip}/24`, "dev", "eth0"]);
    for (const cable of ["eth1", "eth0"] as const) await this.plug(cable, "up");
    await this.software.start();
  }

  /** What its kernel has, in heartbeat's words. */
  async holds(): Promise<Holding> {
    const text = await this.namespace.run(["ip", "-4", "-o", "addr", "show"]);
    const has = ({ vip }: Place) => text.includes(` ${vip}/`);
    if (has(this.place)) return has(this.#other) ? "all" : "local";
    return has(this.#other) ? "foreign" : "none";
  }

  async mac(): Promise<string> {
    return (await this.namespace.run(["cat", "/sys/class/net/eth0/address"])).trim();
  }
}

export class PulseboxSoftware implements Software {
  readonly isOurs = true as const;
  readonly director: Director;

  constructor(director: Director) {
    this.director = director;
  }

  async start(): Promise<void> {
    await this.director.start();
  }

  async stop(): Promise<void> {
    const code = await this.director.end("SIGTERM");
    if (code !== 0)
      throw new Error(`${this.director.name} ended its orderly end with ${code}: ${this.director.log}`);
  }

  async kill(): Promise<void> {
    await this.director.end("SIGKILL");
  }

  async operate(command: "standby" | "takeover", scope: ResourceScope): Promise<void> {
    await until(`${this.director.name} is asked for ${command} ${scope}`, async () => {
      const { code, stderr } = await this.director.command(command, scope);
      // The other node's word that it is settled may still be on its way.
      if (stderr.includes("try again when both nodes are stable")) return false;
      if (code !== 0)
        throw new Error(`${command} ${scope} on ${this.director.name} ended with ${code}: ${stderr}`);
      return true;
    });
  }

  async says(): Promise<string> {
    const { stable, groups } = await this.director.status();
    if (!stable) return "transition";
    const owned = groups.filter(({ owner }) => owner === this.director.name);
    const local = owned.some(({ preferred }) => preferred === this.director.name);
    const foreign = owned.some(({ preferred }) => preferred !== this.director.name);
    return local ? (foreign ? "all" : "local") : foreign ? "foreign" : "none";
  }

  async log(): Promise<string> {
    return this.director.log;
  }
}

export class HeartbeatSoftware implements Software {
  readonly isOurs = false as const;
  readonly node: RealHeartbeat;

  constructor(node: RealHeartbeat) {
    this.node = node;
  }

  start = (): Promise<void> => this.node.start();
  stop = (): Promise<void> => this.node.stop();
  kill = (): Promise<void> => this.node.kill();
  log = (): Promise<string> => this.node.log();
  says = (): Promise<string> => this.node.holding();

  async operate(command: "standby" | "takeover", scope: ResourceScope): Promise<void> {
    await this.node.operate(`hb_${command}`, scope);
  }
}
