// The port Pinger on raw ICMP sockets (native/icmp), one for each address family that is asked for. A network that is down is a
// state, not a failure: every question is a new attempt, and what keeps failing is said once.

import { type IcmpSocket, openIcmp } from "../../native/icmp/index.ts";
import type { Address } from "../core/config/cluster.ts";
import type { Pinger, PingerSink } from "../ports/pinger.ts";
import { codeOf, words } from "./outcome.ts";

export class IcmpPinger implements Pinger {
  readonly #sockets = new Map<4 | 6, IcmpSocket>();
  /** The kind of the last failure of each target that has not been asked successfully since. */
  readonly #failing = new Map<Address, string>();
  readonly #identifier: number;
  #sink: PingerSink | undefined;
  #sequence = 0;

  /** `identifier` tells the replies to this process from those to others of the box. */
  constructor(identifier: number = process.pid & 0xffff) {
    this.#identifier = identifier;
  }

  open(sink: PingerSink): void {
    this.#sink = sink;
  }

  ping(target: Address, payload: Uint8Array): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    try {
      this.#socket(target.includes(":") ? 6 : 4).send(target, this.#sequence, payload);
      this.#failing.delete(target);
    } catch (error) {
      this.#report(target, error);
    }
  }

  close(): void {
    this.#sink = undefined;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #socket(family: 4 | 6): IcmpSocket {
    const open = this.#sockets.get(family);
    if (open !== undefined) return open;
    const socket = openIcmp({ family, identifier: this.#identifier });
    this.#sockets.set(family, socket);
    socket.watch(
      (payload, source) => this.#sink?.reply(source, payload),
      (error) => this.#report(`IPv${family}`, error),
    );
    return socket;
  }

  #report(target: Address, error: unknown): void {
    const kind = codeOf(error);
    if (this.#failing.get(target) === kind) return;
    this.#failing.set(target, kind);
    this.#sink?.error(target, words(error));
  }
}
