// Message sequences and everything else that can happen to a node, fed to the core: it never throws, its invariants hold after
// every event, and nothing in it grows without bound.

import fc from "fast-check";
import type { OperatorRequest } from "../../../firmware/core/event.ts";
import type { ProgramOutcome } from "../../../firmware/core/program.ts";
import { addressGroup, clusterConfig, MEDIA, resourceGroup } from "../cluster-config.ts";
import { AUTH, authenticator, damages, type Speech, speech, spoilt, spoken } from "./frames.ts";
import { Rig } from "./rig.ts";

const peers = fc.constantFrom("director2", "director3");
const media = fc.constantFrom(...MEDIA.map(({ id }) => id));
const scopes = fc.constantFrom("all", "local", "foreign");
const outcomes: fc.Arbitrary<ProgramOutcome> = fc.oneof(
  fc.record({ kind: fc.constant("exit"), code: fc.constantFrom(0, 0, 0, 1, 7, 100) }),
  fc.record({ kind: fc.constantFrom("timeout", "killed") }),
  fc.record({ kind: fc.constant("error"), error: fc.constant("ENOENT") }),
);
const requests: fc.Arbitrary<OperatorRequest> = fc.oneof(
  fc.record({ command: fc.constantFrom("standby", "takeover"), scope: scopes }),
  fc.record({ command: fc.constantFrom("status", "cleanup") }),
  fc.record({ command: fc.constant("why"), last: fc.nat(3) }),
  fc.record({ command: fc.constantFrom("forget", "fenced"), node: peers }),
);
const times = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 300, max: 12_000 }));

/** How far a peer's number jumps: on by one as a rule, a gap, or back. */
const leaps = fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: -5, max: 300 }));

const said = fc.record({
  do: fc.constant("say"),
  peer: peers,
  ...speech,
  leap: leaps,
  medium: media,
});
const happenings = fc.oneof(
  { weight: 8, arbitrary: said },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pass"), ms: times }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("damaged"),
      peer: peers,
      ...speech,
      leap: leaps,
      damages,
      sign: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant("stall"), ms: times }),
  fc.record({ do: fc.constant("restart"), peer: peers }),
  fc.record({ do: fc.constant("replay"), back: fc.nat(20), medium: media }),
  fc.record({ do: fc.constant("carrier"), interface: fc.constantFrom("eth0", "eth1"), up: fc.boolean() }),
  fc.record({ do: fc.constant("operate"), request: requests }),
  fc.record({ do: fc.constant("kernel"), obeys: fc.boolean(), empty: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant("program"), outcome: outcomes }) },
  fc.record({ do: fc.constant("refused") }),
  fc.record({ do: fc.constant("stop") }),
);

type Happening = typeof happenings extends fc.Arbitrary<infer T> ? T : never;

const story = fc.record({
  nodes: fc.constantFrom(2, 2, 3),
  happenings: fc.array(happenings, { maxLength: 80 }),
});

/** A peer's numbering, as it counts itself. */
interface Numbering {
  seq: number;
  hg: number;
}

class Play {
  readonly #rig: Rig;
  readonly #auth = authenticator();
  readonly #numbering = new Map<string, Numbering>();
  readonly #sent: Uint8Array[] = [];
  #requests = 0;

  constructor(nodes: number) {
    const groups = [
      resourceGroup({ node: "director1", group: ["192.168.140.150", "httpd"] }),
      addressGroup("director2", "192.168.140.160"),
    ];
    this.#rig = new Rig(clusterConfig({ auth: AUTH }, groups, nodes));
    this.#rig.event({ type: "start" });
    this.#rig.observe();
  }

  happen(happening: Happening): void {
    const rig = this.#rig;
    switch (happening.do) {
      case "say":
        this.#deliver(happening.medium, this.#frame(happening));
        break;
      case "damaged":
        this.#deliver(MEDIA[0].id, spoilt(this.#frame(happening), happening, this.#auth));
        break;
      case "pass":
        rig.pass(happening.ms);
        break;
      case "stall":
        rig.stall(happening.ms);
        break;
      case "restart":
        this.#restart(happening.peer);
        break;
      case "replay": {
        const frame = this.#sent.at(-1 - happening.back);
        if (frame !== undefined) this.#deliver(happening.medium, frame);
        break;
      }
      case "carrier":
        rig.event({ type: "carrier", interface: happening.interface, up: happening.up });
        break;
      case "operate":
        this.#operate(happening.request);
        break;
      case "kernel":
        rig.obeys = happening.obeys;
        if (happening.empty) rig.addresses = [];
        if (happening.obeys) rig.reconcile();
        else rig.observe();
        break;
      case "program":
        rig.endProgram(happening.outcome);
        break;
      case "refused":
        rig.event({ type: "change-failed", address: "192.168.140.150", error: "EPERM" });
        break;
      case "stop":
        rig.event({ type: "stop" });
        break;
      default:
        happening satisfies never;
    }
  }

  #frame({ peer, leap, ...said }: Speech & { peer: string; leap: number }): Uint8Array {
    const numbering = this.#of(peer);
    numbering.seq = Math.max(1, numbering.seq + leap);
    return spoken(said, peer, numbering, this.#auth);
  }

  #deliver(medium: string, bytes: Uint8Array): void {
    this.#sent.push(bytes);
    this.#rig.event({ type: "frame", medium, source: "10.0.0.2", bytes });
  }

  #restart(peer: string): void {
    const numbering = this.#of(peer);
    numbering.hg += 1;
    numbering.seq = 0;
  }

  #operate(request: OperatorRequest): void {
    this.#requests += 1;
    this.#rig.event({ type: "operator", request, id: this.#requests });
  }

  #of(peer: string): Numbering {
    const numbering = this.#numbering.get(peer) ?? { seq: 0, hg: 1 };
    this.#numbering.set(peer, numbering);
    return numbering;
  }
}

export const nodeTarget: fc.IRawProperty<unknown> = fc.property(story, ({ nodes, happenings: list }) => {
  const play = new Play(nodes);
  for (const happening of list) play.happen(happening);
});
