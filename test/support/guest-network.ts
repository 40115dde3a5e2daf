// The network beside the guests: one namespace is the rack's two switches (`lan` for clients and virtual addresses,
// `cross` as the private cable of the heartbeat), a second one is the client. Guests plug in through tap devices, so
// nothing of it touches the machine's own network.

import { Lab, type Namespace } from "./netns.ts";

export interface Plug {
  /** The tap device that the guest's card is wired to. */
  readonly tap: string;
  readonly mac: string;
}

export class GuestNetwork {
  readonly rack: Namespace;
  readonly client: Namespace;
  readonly #lab: Lab;
  #taps = 0;

  private constructor(lab: Lab, rack: Namespace, client: Namespace) {
    this.#lab = lab;
    this.rack = rack;
    this.client = client;
  }

  /** `clientAddress` in prefix notation, "192.168.140.1/24". */
  static async create(clientAddress: string): Promise<GuestNetwork> {
    const lab = await Lab.create();
    const rack = await lab.namespace("rack");
    const client = await lab.namespace("client");
    for (const bridge of ["lan", "cross"]) {
      await rack.run(["ip", "link", "add", bridge, "type", "bridge", "forward_delay", "0"]);
      await rack.run(["ip", "link", "set", bridge, "up"]);
    }
    await lab.veth(
      { namespace: client, interface: "eth0", addresses: [clientAddress] },
      { namespace: rack, interface: "client" },
    );
    await rack.run(["ip", "link", "set", "client", "master", "lan"]);
    return new GuestNetwork(lab, rack, client);
  }

  /** A new port of a switch for a guest's card. */
  async plug(bridge: "lan" | "cross", mac: string): Promise<Plug> {
    this.#taps += 1;
    const tap = `tap${this.#taps}`;
    await this.rack.run(["ip", "tuntap", "add", "dev", tap, "mode", "tap"]);
    await this.rack.run(["ip", "link", "set", tap, "master", bridge, "up"]);
    return { tap, mac };
  }

  async dispose(): Promise<void> {
    await this.#lab.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}
