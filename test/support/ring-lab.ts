// Three real daemons in network namespaces: heartbeats go round a ring of serial cables (pseudo-terminals) and nowhere else,
// the service addresses are on a switch that joins all three. Each director has a group of its own.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Director } from "./cluster.ts";
import { type Bridge, Lab } from "./netns.ts";
import { NullModem, plugSerial } from "./null-modem.ts";
import { until } from "./until.ts";

const [TO_NEXT, TO_LAST] = ["/dev/shm/ttyS1", "/dev/shm/ttyS2"];

const FILE = `version: 1
cluster: ring
nodes:
  director1: { interfaces: { eth0: { address: 10.77.0.1/24 } } }
  director2: { interfaces: { eth0: { address: 10.77.0.2/24 } } }
  director3: { interfaces: { eth0: { address: 10.77.0.3/24 } } }
heartbeat:
  keepalive: 200ms
  deadtime: 1500ms
  initdead: 5s
  baud: 115200
  media:
    - serial: ${TO_NEXT}
    - serial: ${TO_LAST}
  auth: { method: sha1, key: laboratory }
resources:
  - { node: director1, group: [10.77.0.50/24] }
  - { node: director2, group: [10.77.0.60/24] }
  - { node: director3, group: [10.77.0.70/24] }
`;

export class RingLab {
  readonly directors: readonly Director[];
  /** From director1 to director2, from there to director3, and from there to director1. */
  readonly cables: readonly NullModem[];
  readonly #lab: Lab;
  readonly #directory: string;

  private constructor(
    lab: Lab,
    directory: string,
    directors: readonly Director[],
    cables: readonly NullModem[],
  ) {
    this.#lab = lab;
    this.#directory = directory;
    this.directors = directors;
    this.cables = cables;
  }

  static async create(): Promise<RingLab> {
    const lab = await Lab.create();
    const cables = [new NullModem(), new NullModem(), new NullModem()];
    try {
      const directory = await mkdtemp(join(tmpdir(), "pulsebox-ring-"));
      await writeFile(join(directory, "cluster.yaml"), FILE);
      const lan = await lab.bridge("lan");
      const directors: Director[] = [];
      for (const index of [0, 1, 2]) directors.push(await place(lab, lan, directory, index, cables));
      return new RingLab(lab, directory, directors, cables);
    } catch (error) {
      for (const cable of cables) cable.dispose();
      await lab.dispose();
      throw error;
    }
  }

  director(number: 1 | 2 | 3): Director {
    const director = this.directors[number - 1];
    if (director === undefined) throw new Error(`no director${number}`);
    return director;
  }

  /** kill -9, and the locks of its ports end as those of real ones do. */
  async kill(number: 1 | 2 | 3): Promise<void> {
    await this.director(number).end("SIGKILL");
    this.cables[number - 1]?.release(0);
    this.cables[(number + 1) % 3]?.release(1);
  }

  /** Waits until all that run, by number, are settled and agree on the owners of the three groups, in words "1 2 3". */
  async settled(running: readonly (1 | 2 | 3)[], owners: string): Promise<void> {
    await until(`the owners are ${owners}`, async () => {
      const all = await Promise.all(running.map((number) => this.director(number).status()));
      return all.every(({ stable, groups }) => {
        const seen = groups.map(({ owner = "none" }) => owner.replace("director", "")).join(" ");
        return stable && seen === owners;
      });
    });
  }

  async dispose(): Promise<void> {
    await this.#lab.dispose();
    for (const cable of this.cables) cable.dispose();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function place(
  lab: Lab,
  lan: Bridge,
  directory: string,
  index: number,
  cables: readonly NullModem[],
): Promise<Director> {
  const name = `director${index + 1}`;
  const namespace = await lab.namespace(name);
  const addresses = [`10.77.0.${index + 1}/24`];
  const port = await lan.connect({ namespace, interface: "eth0", addresses });
  await plugSerial(namespace, TO_NEXT, cables[index]?.paths[0] ?? "");
  await plugSerial(namespace, TO_LAST, cables[(index + 2) % 3]?.paths[1] ?? "");
  const state = join(directory, name);
  await mkdir(state);
  const config = join(directory, "cluster.yaml");
  return new Director({ name, namespace, lan, port, state, config, options: {} });
}
