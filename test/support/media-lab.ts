// A laboratory for media: directors that have one switch for each network and serial null-modem cables between any two, so
// that each medium fails by itself and really: a switch's port goes down, a serial cable's relay carries nothing more.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Director } from "./cluster.ts";
import { type Bridge, Lab, type Namespace } from "./netns.ts";
import { NullModem, plugSerial } from "./null-modem.ts";
import { until } from "./until.ts";

/** A serial cable: which director's which device at each end. */
export interface SerialCable {
  readonly ends: readonly [CableEnd, CableEnd];
}

export interface CableEnd {
  /** Index of the director. */
  readonly director: number;
  /** Below /dev/shm (null-modem.ts). */
  readonly device: string;
}

export interface MediaLabOptions {
  readonly directors: number;
  /** Interfaces "eth0", "eth1" …, each with a switch of its own; director N has 10.6X.0.N in network X. */
  readonly networks: number;
  readonly cables: readonly SerialCable[];
  readonly baud: number;
  /** Lines of the list heartbeat.media. */
  readonly media: readonly string[];
  /** Milliseconds. */
  readonly keepalive: number;
  readonly deadtime: number;
  readonly realtime?: boolean;
}

interface Network {
  readonly lan: Bridge;
  readonly ports: readonly string[];
}

export class MediaLab {
  /** Prefers the first director. */
  readonly vip = "10.60.0.50";
  readonly directors: readonly Director[];
  readonly nullModems: readonly NullModem[];
  readonly #lab: Lab;
  readonly #directory: string;
  readonly #networks: readonly Network[];
  readonly #cables: readonly SerialCable[];

  private constructor(
    lab: Lab,
    directory: string,
    { directors, networks }: { directors: readonly Director[]; networks: readonly Network[] },
    cables: readonly SerialCable[],
    nullModems: readonly NullModem[],
  ) {
    this.#lab = lab;
    this.#directory = directory;
    this.directors = directors;
    this.#networks = networks;
    this.#cables = cables;
    this.nullModems = nullModems;
  }

  static async create(options: MediaLabOptions): Promise<MediaLab> {
    const lab = await Lab.create();
    const directory = await mkdtemp(join(tmpdir(), "pulsebox-media-"));
    const nullModems = options.cables.map(() => new NullModem({ baud: options.baud }));
    try {
      await writeFile(join(directory, "cluster.yaml"), clusterFile(options));
      const namespaces: Namespace[] = [];
      for (let number = 1; number <= options.directors; number++)
        namespaces.push(await lab.namespace(`director${number}`));
      const networks: Network[] = [];
      for (let index = 0; index < options.networks; index++)
        networks.push(await layNetwork(lab, index, namespaces));
      for (const [index, { ends }] of options.cables.entries()) {
        for (const [end, { director, device }] of ends.entries()) {
          const namespace = namespaces[director];
          const path = nullModems[index]?.paths[end];
          if (namespace === undefined || path === undefined) throw new Error("a cable ends nowhere");
          await plugSerial(namespace, device, path);
        }
      }
      const directors = await Promise.all(
        namespaces.map((namespace, index) => place(directory, namespace, networks[0], index, options)),
      );
      return new MediaLab(lab, directory, { directors, networks }, options.cables, nullModems);
    } catch (error) {
      await lab.dispose();
      for (const nullModem of nullModems) nullModem.dispose();
      throw error;
    }
  }

  /** Starts all and waits until all agree that the first one owns the address. */
  async start(): Promise<void> {
    await Promise.all(this.directors.map((director) => director.start()));
    await this.settled(0);
  }

  /** Waits until all directors say that this one owns the address, and that it is settled. */
  async settled(owner: number): Promise<void> {
    const name = this.directors[owner]?.name;
    await until(`all agree that ${name} owns the address`, async () => {
      const said = await Promise.all(
        this.directors.map((director) => director.status().catch(() => undefined)),
      );
      return said.every((status) => status?.stable === true && status.groups[0]?.owner === name);
    });
  }

  /** Takes a network away from one director, or gives it back: its port on the switch. */
  async plug(network: number, director: number, state: "up" | "down"): Promise<void> {
    const { lan, ports } = this.#networks[network] ?? {};
    const port = ports?.[director];
    if (lan === undefined || port === undefined) throw new Error(`director ${director} has no port there`);
    await lan.namespace.run(["ip", "link", "set", port, state]);
  }

  /** kill -9 of the daemon, and its ends of all cables dead. */
  async cutPower(director: number): Promise<void> {
    for (const { nullModem } of this.#cablesOf(director)) nullModem.cut();
    const networks = this.#networks.map((_, index) => this.plug(index, director, "down"));
    await Promise.all([this.directors[director]?.end("SIGKILL"), ...networks]);
  }

  /** Power on again: a box begins without the address, then cables, then the daemon. */
  async powerOn(director: number): Promise<void> {
    const box = this.directors[director];
    await box?.namespace.exec(["ip", "addr", "del", `${this.vip}/24`, "dev", "eth0"]);
    for (const { nullModem, end } of this.#cablesOf(director)) {
      nullModem.release(end);
      nullModem.join();
    }
    await Promise.all(this.#networks.map((_, index) => this.plug(index, director, "up")));
    await box?.start();
  }

  #cablesOf(director: number): { nullModem: NullModem; end: 0 | 1 }[] {
    return this.nullModems.flatMap((nullModem, index) => {
      const end = this.#cables[index]?.ends.findIndex((each) => each.director === director);
      return end === 0 || end === 1 ? [{ nullModem, end }] : [];
    });
  }

  async dispose(): Promise<void> {
    await this.#lab.dispose();
    for (const nullModem of this.nullModems) nullModem.dispose();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function layNetwork(lab: Lab, index: number, namespaces: readonly Namespace[]): Promise<Network> {
  const lan = await lab.bridge(`network${index}`);
  const ports: string[] = [];
  for (const [at, namespace] of namespaces.entries()) {
    const addresses = [`10.6${index}.0.${at + 1}/24`];
    ports.push(await lan.connect({ namespace, interface: `eth${index}`, addresses }));
  }
  return { lan, ports };
}

async function place(
  directory: string,
  namespace: Namespace,
  first: Network | undefined,
  index: number,
  options: MediaLabOptions,
): Promise<Director> {
  const { name } = namespace;
  const port = first?.ports[index];
  if (first === undefined || port === undefined) throw new Error("the address needs a network");
  const state = join(directory, name);
  await mkdir(state);
  const { realtime = false } = options;
  const config = join(directory, "cluster.yaml");
  return new Director({ name, namespace, lan: first.lan, port, state, config, options: { realtime } });
}

function clusterFile({ directors, networks, baud, media, keepalive, deadtime }: MediaLabOptions): string {
  const numbers = Array.from({ length: directors }, (_, index) => index + 1);
  const node = (number: number) => {
    const interfaces = Array.from(
      { length: networks },
      (_, index) => `eth${index}: { address: 10.6${index}.0.${number}/24 }`,
    );
    return `  director${number}: { interfaces: { ${interfaces.join(", ")} } }`;
  };
  return `version: 1
cluster: media
nodes:
${numbers.map(node).join("\n")}
heartbeat:
  keepalive: ${keepalive}ms
  deadtime: ${deadtime}ms
  initdead: ${Math.max(3000, 2 * deadtime)}ms
  baud: ${baud}
  media:
${media.map((line) => `    - ${line}`).join("\n")}
  auth: { method: sha1, key: media }
resources:
  - { node: director1, group: [10.60.0.50/24/eth0] }
`;
}
