// The port Arp on packet sockets (native/arp), one for each interface that it is asked about. An interface may go and come back:
// its socket is opened anew, because the old one stays silent for ever (packet(7)).

import { type ArpSocket, openArp } from "../../native/arp/index.ts";
import type { Address } from "../core/config/cluster.ts";
import type { Arp, Outcome } from "../ports/network.ts";
import { outcomeOf } from "./outcome.ts";

/** Between two tries to listen again on an interface that went down, in milliseconds. */
const retryInterval = 500;

export class PacketArp implements Arp {
  readonly #isOwn: (mac: string) => boolean;
  readonly #speaking = new Map<string, ArpSocket>();
  readonly #listening = new Map<string, ArpSocket>();
  readonly #retries = new Map<string, NodeJS.Timeout>();

  /** `isOwn` tells the hardware addresses of this box: two of its interfaces may sit on one segment. */
  constructor(isOwn: (mac: string) => boolean) {
    this.#isOwn = isOwn;
  }

  announce(interfaceName: string, address: Address, form: "request" | "reply"): Outcome {
    const known = this.#speaking.get(interfaceName);
    if (known !== undefined && outcomeOf(() => known.announce(address, form)).ok) return { ok: true };
    known?.close();
    this.#speaking.delete(interfaceName);
    return outcomeOf(() => {
      const socket = openArp(interfaceName);
      this.#speaking.set(interfaceName, socket);
      socket.announce(address, form);
    });
  }

  watch(
    interfaceName: string,
    addresses: () => readonly Address[],
    rival: (address: Address, mac: string) => void,
  ): Outcome {
    return outcomeOf(() => this.#listen(interfaceName, addresses, rival));
  }

  close(): void {
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const socket of [...this.#speaking.values(), ...this.#listening.values()]) socket.close();
    this.#speaking.clear();
    this.#listening.clear();
  }

  #listen(name: string, addresses: () => readonly Address[], rival: (address: Address, mac: string) => void) {
    this.#listening.get(name)?.close();
    const socket = openArp(name);
    this.#listening.set(name, socket);
    const again = (): void => {
      const timer = setTimeout(() => {
        if (!outcomeOf(() => this.#listen(name, addresses, rival)).ok) again();
      }, retryInterval);
      this.#retries.set(name, timer);
    };
    socket.watch(({ senderAddress, senderMac }) => {
      if (addresses().includes(senderAddress) && !this.#isOwn(senderMac)) rival(senderAddress, senderMac);
    }, again);
  }
}
