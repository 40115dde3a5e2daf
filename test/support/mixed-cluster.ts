// A cluster of one pulsebox node and one node of Debian's heartbeat, configured alike: both on a switch (eth0) and on a private
// cross cable (eth1). Each is the preferred owner of one address, so that every move can be seen in both directions.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Holding } from "../../firmware/core/heartbeat/body.ts";
import { Director } from "./cluster.ts";
import { Lab, type Namespace } from "./netns.ts";
import { type HeartbeatFiles, RealHeartbeat } from "./real-heartbeat.ts";
import { until } from "./until.ts";

export interface MixedOptions {
  readonly autoFailback?: "on" | "off";
  readonly method?: "sha1" | "md5" | "crc";
}

const ours = { name: "director1", lan: "10.77.0.1", cable: "10.78.0.1", vip: "10.77.0.50" } as const;
const real = { name: "director2", lan: "10.77.0.2", cable: "10.78.0.2", vip: "10.77.0.60" } as const;

/** What the other node holds when one holds this and nothing is held twice or by nobody. */
const complement = { all: "none", local: "local", foreign: "foreign", none: "all" } as const;

export class MixedCluster {
  readonly ours: Director;
  readonly real: RealHeartbeat;
  /** The address that prefers our node, and the one that prefers the real one. */
  readonly oursVip = ours.vip;
  readonly realVip = real.vip;
  readonly #lab: Lab;
  readonly #directory: string;
  readonly #plugReal: (state: "up" | "down") => Promise<void>;

  private constructor(
    lab: Lab,
    directory: string,
    nodes: { ours: Director; real: RealHeartbeat },
    plugReal: (state: "up" | "down") => Promise<void>,
  ) {
    this.#lab = lab;
    this.#directory = directory;
    this.ours = nodes.ours;
    this.real = nodes.real;
    this.#plugReal = plugReal;
  }

  /** Both boxes and their cables; neither daemon runs yet. */
  static async create(options: MixedOptions = {}): Promise<MixedCluster> {
    const lab = await Lab.create();
    const directory = await mkdtemp(join(tmpdir(), "pulsebox-mixed-"));
    try {
      const config = join(directory, "cluster.yaml");
      const state = join(directory, ours.name);
      await mkdir(state);
      await writeFile(config, clusterFile(options));
      const lan = await lab.bridge("lan");
      const [here, there] = [await lab.namespace(ours.name), await lab.namespace(real.name)];
      const port = await lan.connect({ namespace: here, interface: "eth0" });
      const realPort = await lan.connect({ namespace: there, interface: "eth0" });
      await lab.veth({ namespace: here, interface: "eth1" }, { namespace: there, interface: "eth1" });
      await addAddresses(here, ours);
      await addAddresses(there, real);
      const nodes = {
        ours: new Director({
          name: ours.name,
          namespace: here,
          lan,
          port,
          state,
          config,
          options: { realtime: true },
        }),
        real: await RealHeartbeat.place(there, real.name, heartbeatFiles(options)),
      };
      return new MixedCluster(lab, directory, nodes, async (state) => {
        await lan.namespace.run(["ip", "link", "set", realPort, state]);
        await there.run(["ip", "link", "set", "eth1", state]);
      });
    } catch (error) {
      await lab.dispose();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts both and waits until each has its own address. */
  async start(): Promise<void> {
    await Promise.all([this.ours.start(), this.real.start()]);
    await this.settled("local");
  }

  /**
   * Waits until our node holds that, in heartbeat's words, the real one the rest, nobody holds anything twice, and both say so
   * and call it settled.
   */
  async settled(held: Holding): Promise<void> {
    const rest = complement[held];
    const wanted = `ours ${held} (says stable ${held}), real ${rest} (says ${rest})`;
    let seen = "";
    const compare = async (): Promise<boolean> => {
      seen = await this.#seen();
      return seen === wanted;
    };
    await until(wanted, compare, 45_000).catch(async (error: unknown) => {
      const logs = `--- ours\n${this.ours.log}\n--- real\n${await this.real.log()}`;
      throw new Error(`wanted: ${wanted}\nis:     ${seen}\n${logs}`, { cause: error });
    });
  }

  /** Waits until the real node, alone, holds everything and says so. */
  async realHoldsAll(): Promise<void> {
    await until("the real node holds all resources", async () => {
      const addresses = await addressesOf(this.real.namespace);
      return holding(addresses, real.vip, ours.vip) === "all" && (await this.real.holding()) === "all";
    });
  }

  async #seen(): Promise<string> {
    const [ourAddresses, { stable, groups }, realAddresses, realSays] = await Promise.all([
      this.ours.addresses(),
      this.ours.status(),
      addressesOf(this.real.namespace),
      this.real.holding(),
    ]);
    const owned = groups.filter(({ owner }) => owner === ours.name).flatMap(({ addresses }) => addresses);
    const says = `${stable ? "stable" : "changing"} ${holding(owned, ours.vip, real.vip)}`;
    const here = `ours ${holding(ourAddresses, ours.vip, real.vip)} (says ${says})`;
    return `${here}, real ${holding(realAddresses, real.vip, ours.vip)} (says ${realSays})`;
  }

  /** Power off at the real node, as ours sees it: it dies without a word and its links go at once. */
  async cutRealPower(): Promise<void> {
    await Promise.all([this.real.kill(), this.#plugReal("down")]);
  }

  /** Power on again: a box begins without the addresses that it held, then links, then heartbeat. */
  async realPowerOn(): Promise<void> {
    for (const vip of [ours.vip, real.vip]) {
      await this.real.namespace.exec(["ip", "addr", "del", `${vip}/24`, "dev", "eth0"]);
    }
    await this.#plugReal("up");
    await this.real.start();
  }

  async dispose(): Promise<void> {
    await this.#lab.dispose();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The real node sends to the broadcast address that the interface names, so it must name one. */
async function addAddresses(
  namespace: Namespace,
  { lan, cable }: Pick<typeof ours | typeof real, "lan" | "cable">,
) {
  await namespace.run(["ip", "addr", "add", `${lan}/24`, "brd", "+", "dev", "eth0"]);
  await namespace.run(["ip", "addr", "add", `${cable}/24`, "brd", "+", "dev", "eth1"]);
}

async function addressesOf(namespace: Namespace): Promise<readonly string[]> {
  const text = await namespace.run(["ip", "-4", "-o", "addr", "show"]);
  return [...text.matchAll(/ inet ([0-9.]+)\//g)].map((match) => match[1] ?? "");
}

function holding(addresses: readonly string[], local: string, foreign: string): Holding {
  const [has, hasForeign] = [addresses.includes(local), addresses.includes(foreign)];
  if (has) return hasForeign ? "all" : "local";
  return hasForeign ? "foreign" : "none";
}

const key = "laboratory";

function clusterFile({ autoFailback = "on", method = "sha1" }: MixedOptions): string {
  const node = ({ name, lan, cable }: { name: string; lan: string; cable: string }) =>
    `  ${name}: { interfaces: { eth0: { address: ${lan}/24 }, eth1: { address: ${cable}/24 } } }`;
  return `version: 1
cluster: mixed
nodes:
${node(ours)}
${node(real)}
heartbeat:
  keepalive: 200ms
  deadtime: 2s
  warntime: 1500ms
  initdead: 4s
  auto_failback: ${autoFailback}
  media: [bcast: eth1, bcast: eth0]
  auth: { method: ${method}${method === "crc" ? "" : `, key: ${key}`} }
resources:
  - { node: ${ours.name}, group: [${ours.vip}/24/eth0] }
  - { node: ${real.name}, group: [${real.vip}/24/eth0] }
`;
}

function heartbeatFiles({ autoFailback = "on", method = "sha1" }: MixedOptions): HeartbeatFiles {
  return {
    "ha.cf": `logfile /var/log/ha-log
logfacility none
keepalive 200ms
deadtime 2
warntime 1500ms
initdead 4
realtime on
bcast eth1 eth0
auto_failback ${autoFailback}
crm no
node ${ours.name} ${real.name}
`,
    authkeys: `auth 1\n1 ${method}${method === "crc" ? "" : ` ${key}`}\n`,
    haresources: `${ours.name} ${ours.vip}/24/eth0\n${real.name} ${real.vip}/24/eth0\n`,
  };
}
