// Which media of the cluster file this node has: the file is the same on every node, so that ucast lines name every node's
// address in turn and a node leaves out its own (ha.cf(5), "ucast").

import type { UdpOptions } from "../../native/udp/index.ts";
import type { Address, HeartbeatConfig, MediumConfig } from "../core/config/cluster.ts";
import type { MediumSetup } from "../core/event.ts";
import type { Medium } from "../ports/medium.ts";
import { SerialMedium } from "./serial-medium.ts";
import { openSerialPort } from "./serial-port.ts";
import { UdpMedium } from "./udp-medium.ts";

export interface HeartbeatMedia {
  readonly setups: readonly MediumSetup[];
  readonly media: readonly Medium[];
}

/** `own` holds every address of this node. */
export function heartbeatMedia(config: HeartbeatConfig, own: ReadonlySet<Address>): HeartbeatMedia {
  const setups: MediumSetup[] = [];
  const media: Medium[] = [];
  const unicast = new Map<string, Map<string, UdpMedium>>();
  for (const medium of config.media) {
    if (medium.kind === "ucast" && own.has(medium.peer)) continue;
    if (medium.kind === "serial") {
      const { device } = medium;
      const id = `serial ${device}`;
      setups.push({ id, kind: "serial", link: device });
      const { baud, keepalive, deadtime } = config;
      const patience = (deadtime - keepalive) / 2;
      media.push(new SerialMedium(id, { device, baud, patience }, openSerialPort));
      continue;
    }
    const setup = setupOf(medium);
    const siblings = unicast.get(medium.interface) ?? new Map<string, UdpMedium>();
    const opened = new UdpMedium(setup.id, optionsOf(medium, config.udpport), siblingsOf(medium, siblings));
    if (medium.kind === "ucast") unicast.set(medium.interface, siblings.set(medium.peer, opened));
    setups.push(setup);
    media.push(opened);
  }
  return { setups, media };
}

type UdpMediumConfig = Exclude<MediumConfig, { kind: "serial" }>;

function siblingsOf(
  medium: UdpMediumConfig,
  siblings: ReadonlyMap<string, UdpMedium>,
): ReadonlyMap<string, UdpMedium> {
  return medium.kind === "ucast" ? siblings : new Map();
}

function setupOf(medium: UdpMediumConfig): MediumSetup {
  const { kind, interface: link } = medium;
  switch (kind) {
    case "bcast":
      return { id: `bcast ${link}`, kind, link };
    case "ucast":
      return { id: `ucast ${link} ${medium.peer}`, kind, link };
    case "mcast":
      return { id: `mcast ${link} ${medium.group}`, kind, link };
  }
}

function optionsOf(medium: UdpMediumConfig, udpport: number): UdpOptions {
  switch (medium.kind) {
    case "bcast":
      return { form: "broadcast", interface: medium.interface, port: udpport };
    case "ucast":
      return { form: "unicast", interface: medium.interface, port: udpport, peer: medium.peer };
    case "mcast":
      return {
        form: "multicast",
        interface: medium.interface,
        port: medium.port,
        group: medium.group,
        ttl: medium.ttl,
        loop: medium.loop === 1,
      };
  }
}
