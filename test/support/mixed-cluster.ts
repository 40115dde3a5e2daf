// A cluster of two nodes configured alike, both on a switch (eth0) and on a private cross cable (eth1), with a client on the
// switch. The first node is a pulsebox and the second is Debian's heartbeat, if a test does not want both of one kind. Each is the preferred owner of one address, so that every move can be seen both ways.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Holding } from "../../firmware/core/heartbeat/body.ts";
import { Director } from "./cluster.ts";
import {
  clusterFile,
  heartbeatFiles,
  type MixedOptions,
  PLACES,
  type Place,
  SERIAL_PORT,
} from "./mixed-files.ts";
import { Lab, type Namespace } from "./netns.ts";
import { type NullModem, plugSerial } from "./null-modem.ts";
import { RealHeartbeat } from "./real-heartbeat.ts";
import { type Cabling, HeartbeatSoftware, PulseboxSoftware, Seat } from "./seat.ts";
import { until } from "./until.ts";

export type { MixedOptions };

/** What the other node holds when one holds this and nothing is held twice or by nobody. */
const complement = { all: "none", local: "local", foreign: "foreign", none: "all" } as const;

export interface MixedLabOptions extends MixedOptions {
  /** What runs on the first node, and on the second. */
  readonly first?: "pulsebox" | "heartbeat";
  readonly second?: "pulsebox" | "heartbeat";
  /** A serial cable between the two, for `media: serial`. */
  readonly nullModem?: NullModem;
}

interface Parts {
  readonly lab: Lab;
  readonly directory: string;
  readonly client: Namespace;
  readonly cabling: readonly [Cabling, Cabling];
  readonly director: Director;
  readonly first: Seat;
  readonly second: Seat;
  readonly real: RealHeartbeat | undefined;
  /** Nothing but the serial cable carries heartbeats. */
  readonly serial: boolean;
}

export class MixedCluster {
  /** The daemon of ours on the first node; it runs only when that node runs a pulsebox. */
  readonly ours: Director;
  readonly first: Seat;
  readonly second: Seat;
  readonly client: Namespace;
  /** The address that prefers the first node, and the one that prefers the second. */
  readonly oursVip = PLACES[0].vip;
  readonly realVip = PLACES[1].vip;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.ours = parts.director;
    this.first = parts.first;
    this.second = parts.second;
    this.client = parts.client;
  }

  /** Both boxes, their cables and the client; neither daemon runs yet. */
  static async create(options: MixedLabOptions = {}): Promise<MixedCluster> {
    const lab = await Lab.create();
    const directory = await mkdtemp(join(tmpdir(), "pulsebox-mixed-"));
    try {
      const cabling = await cable(lab);
      const client = await lab.namespace("client");
      await cabling[0].lan.connect({ namespace: client, interface: "eth0", addresses: ["10.77.0.100/24"] });
      for (const end of [0, 1] as const) {
        const path = options.nullModem?.paths[end];
        if (path !== undefined) await plugSerial(cabling[end].namespace, SERIAL_PORT, path);
      }
      const director = await placeDirector(directory, cabling[0], PLACES[0], options);
      const software =
        options.first === "heartbeat"
          ? await placeHeartbeat(cabling[0].namespace, PLACES[0], options)
          : new PulseboxSoftware(director);
      const first = new Seat(PLACES[0], PLACES[1], cabling[0], software);
      const other =
        options.second === "pulsebox"
          ? new PulseboxSoftware(await placeDirector(directory, cabling[1], PLACES[1], options))
          : await placeHeartbeat(cabling[1].namespace, PLACES[1], options);
      const second = new Seat(PLACES[1], PLACES[0], cabling[1], other);
      const real = other.isOurs ? undefined : other.node;
      const serial = options.media === "serial";
      return new MixedCluster({ lab, directory, client, cabling, director, first, second, real, serial });
    } catch (error) {
      await lab.dispose();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Debian's heartbeat on the second node; throws when that runs a pulsebox. */
  get real(): RealHeartbeat {
    const { real } = this.#parts;
    if (real === undefined) throw new Error("the second node of this cluster runs no heartbeat");
    return real;
  }

  get seats(): readonly [Seat, Seat] {
    return [this.first, this.second];
  }

  /** Starts both and waits until each has its own address and hears the other on every cable that carries heartbeats. */
  async start(): Promise<void> {
    await Promise.all(this.seats.map(({ software }) => software.start()));
    await this.settled("local");
    if (this.#parts.serial) return;
    for (const cable of ["eth0", "eth1"] as const) await this.linkIs(cable, "up");
  }

  /** Writes the pulsebox's cluster file anew; the daemon reads it when it starts or is told to. */
  async configureOurs(options: MixedOptions): Promise<void> {
    await writeFile(join(this.#parts.directory, "cluster.yaml"), clusterFile(options));
  }

  /** Lets the pulsebox start under the uuid of the heartbeat node in whose place it comes. */
  async oursTakesUuid(uuid: Buffer): Promise<void> {
    const text = uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    await writeFile(join(this.#parts.directory, PLACES[0].name, "uuid"), `${text}\n`);
  }

  /**
   * Waits until the first node holds that, in heartbeat's words, the second one the rest, nobody holds anything twice, and both
   * say so and call it settled.
   */
  async settled(held: Holding, timeout = 45_000): Promise<void> {
    const rest = complement[held];
    const wanted = `first ${held} (says ${held}), second ${rest} (says ${rest})`;
    let seen = "";
    const compare = async (): Promise<boolean> => {
      const [first, second] = await Promise.all(
        this.seats.map(
          async (seat) => `${await seat.holds()} (says ${await seat.software.says().catch(() => "nothing")})`,
        ),
      );
      seen = `first ${first}, second ${second}`;
      return seen === wanted;
    };
    await until(wanted, compare, timeout).catch((error: unknown) => {
      throw new Error(`wanted: ${wanted}\nis:     ${seen}`, { cause: error });
    });
  }

  /** Waits until the kernels hold that, whatever the nodes say of it. */
  async kernelsHold(first: Holding, second: Holding): Promise<void> {
    const wanted = `${first} ${second}`;
    let seen = "";
    const compare = async (): Promise<boolean> => {
      seen = (await Promise.all(this.seats.map((seat) => seat.holds()))).join(" ");
      return seen === wanted;
    };
    await until(`the kernels hold ${wanted}`, compare, 45_000).catch((error: unknown) => {
      throw new Error(`wanted: ${wanted}\nis: ${seen}`, { cause: error });
    });
  }

  /** Waits until that node holds everything in its kernel and says so. */
  async holdsAll(seat: Seat): Promise<void> {
    await until(`${seat.place.name} holds all resources`, async () => {
      return (await seat.holds()) === "all" && (await seat.software.says()) === "all";
    });
  }

  /** Waits until the real node, alone, holds everything and says so. */
  async realHoldsAll(): Promise<void> {
    await this.holdsAll(this.second);
  }

  /** Waits until nobody holds anything twice again and both say that they hold what they hold. */
  async healed(): Promise<void> {
    let seen = "";
    const whole = async (): Promise<boolean> => {
      const [first, second] = await Promise.all(this.seats.map((seat) => seat.holds()));
      const said = await Promise.all(
        this.seats.map(({ software }) => software.says().catch(() => "nothing")),
      );
      seen = `${first} (says ${said[0]}), ${second} (says ${said[1]})`;
      return first !== undefined && second === complement[first] && first === said[0] && second === said[1];
    };
    await until("the partition has healed", whole, 60_000).catch((error: unknown) => {
      throw new Error(`not healed: ${seen}`, { cause: error });
    });
  }

  /** Waits until both nodes have logged, as their last word on it, that the other's link over `cable` is so. */
  async linkIs(cable: "eth0" | "eth1", state: "up" | "dead"): Promise<void> {
    for (const [seat, other] of [this.seats, [this.second, this.first]] as const) {
      const { name } = other.place;
      await until(`${seat.place.name} calls link ${name}:${cable} ${state}`, async () => {
        const lines = (await seat.software.log()).split("\n");
        const last = lines.findLast((line) => line.includes(`ink ${name}:${cable} `));
        return last?.includes(` ${state}`) ?? false;
      });
    }
  }

  /** Waits until the client's own ARP table says that `seat` answers for `address`. */
  async clientFinds(address: string, seat: Seat): Promise<void> {
    const mac = await seat.mac();
    await until(`the client finds ${address} at ${seat.place.name}`, async () => {
      await this.client.exec(["ping", "-n", "-c", "1", "-W", "1", address]);
      return (await this.client.run(["ip", "neigh", "show", address])).includes(mac);
    });
  }

  /** Power off at the real node, as ours sees it: it dies without a word and its links go at once. */
  async cutRealPower(): Promise<void> {
    await this.second.cutPower();
  }

  /** Power on again: a box begins without the addresses that it held, then links, then heartbeat. */
  async realPowerOn(): Promise<void> {
    await this.second.powerOn();
  }

  /** What both nodes have logged: the words that explain a story that went wrong. */
  async logs(): Promise<string> {
    const logs = this.seats.map(async ({ place, software }) => `--- ${place.name}\n${await software.log()}`);
    return (await Promise.all(logs)).join("\n");
  }

  async dispose(): Promise<void> {
    await this.#parts.lab.dispose();
    await rm(this.#parts.directory, { recursive: true, force: true });
  }
}

async function cable(lab: Lab): Promise<readonly [Cabling, Cabling]> {
  const lan = await lab.bridge("lan");
  const seat = async (place: Place): Promise<Cabling> => {
    const namespace = await lab.namespace(place.name);
    return { namespace, lan, port: await lan.connect({ namespace, interface: "eth0" }) };
  };
  const cabling = [await seat(PLACES[0]), await seat(PLACES[1])] as const;
  const [here, there] = cabling.map(({ namespace }) => ({ namespace, interface: "eth1" }));
  if (here === undefined || there === undefined) throw new Error("a cable has two ends");
  await lab.veth(here, there);
  for (const [index, { namespace }] of cabling.entries())
    await addAddresses(namespace, index === 0 ? PLACES[0] : PLACES[1]);
  return cabling;
}

async function placeDirector(
  directory: string,
  cabling: Cabling,
  { name }: Place,
  options: MixedOptions,
): Promise<Director> {
  const config = join(directory, "cluster.yaml");
  const state = join(directory, name);
  await mkdir(state);
  await writeFile(config, clusterFile(options));
  return new Director({ name, ...cabling, state, config, options: { realtime: true } });
}

async function placeHeartbeat(
  namespace: Namespace,
  { name }: Place,
  options: MixedOptions,
): Promise<HeartbeatSoftware> {
  return new HeartbeatSoftware(await RealHeartbeat.place(namespace, name, heartbeatFiles(options)));
}

/** The real node sends to the broadcast address that the interface names, so it must name one. */
async function addAddresses(namespace: Namespace, { lan, cable }: Place): Promise<void> {
  await namespace.run(["ip", "addr", "add", `${lan}/24`, "brd", "+", "dev", "eth0"]);
  await namespace.run(["ip", "addr", "add", `${cable}/24`, "brd", "+", "dev", "eth1"]);
}
