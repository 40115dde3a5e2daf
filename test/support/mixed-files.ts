// One cluster, written twice: as the cluster file of a pulsebox node and as ha.cf(5), authkeys(5) and haresources of a node of
// Debian's heartbeat, with the values that tests vary.

import type { HeartbeatFiles } from "./real-heartbeat.ts";

export interface MixedKey {
  readonly id: number;
  readonly method: "sha1" | "md5" | "crc";
}

/** What a node signs with, and what else it accepts. The text of key N is "laboratoryN". */
export interface MixedKeys {
  readonly send: number;
  readonly accept: readonly MixedKey[];
}

export interface MixedOptions {
  readonly autoFailback?: "on" | "off" | "legacy";
  readonly method?: "sha1" | "md5" | "crc";
  readonly keys?: MixedKeys;
  /** bcast on both cables, ucast on both, mcast on both; serial: nothing but the serial cable. */
  readonly media?: "bcast" | "ucast" | "mcast" | "serial";
  /** Only the real node has this: which format it writes (UDP always carries netstring). */
  readonly msgfmt?: "classic" | "netstring";
  /** Addresses of ping nodes; with them both nodes run ipfail. */
  readonly ping?: readonly string[];
  /** A resource behind the address of the first group, and settings of that group in our file: ", monitor: off". */
  readonly word?: string;
  readonly settings?: string;
  /** Milliseconds. */
  readonly keepalive?: number;
  readonly deadtime?: number;
}

export interface Place {
  readonly name: string;
  readonly lan: string;
  readonly cable: string;
  readonly vip: string;
}

export const PLACES: readonly [Place, Place] = [
  { name: "director1", lan: "10.77.0.1", cable: "10.78.0.1", vip: "10.77.0.50" },
  { name: "director2", lan: "10.77.0.2", cable: "10.78.0.2", vip: "10.77.0.60" },
];

const GROUP = "225.0.0.1";
/** As Debian's package heartbeat installs it. */
const IPFAIL = "/usr/libexec/heartbeat/ipfail";

/** The serial port of both nodes (null-modem.ts, plugSerial). */
export const SERIAL_PORT = "/dev/shm/ttyS1";

function keysOf({ method = "sha1", keys }: MixedOptions): MixedKeys {
  return keys ?? { send: 1, accept: [{ id: 1, method }] };
}

/** Milliseconds; two that are started together on a busy machine must not call each other dead before both are up. */
function initdeadOf(deadtime: number): number {
  return Math.max(8000, 2 * deadtime);
}

export function clusterFile(options: MixedOptions): string {
  const { autoFailback = "on", keepalive = 200, deadtime = 2000, ping = [] } = options;
  const node = ({ name, lan, cable }: Place) =>
    `  ${name}: { interfaces: { eth0: { address: ${lan}/24 }, eth1: { address: ${cable}/24 } } }`;
  const { send, accept } = keysOf(options);
  const keys = accept.map(({ id, method }) => {
    const text = method === "crc" ? "" : `, key: laboratory${id}`;
    return `{ id: ${id}, method: ${method}${text}${id === send ? ", send: on" : ""} }`;
  });
  return `version: 1
cluster: mixed
nodes:
${PLACES.map(node).join("\n")}
heartbeat:
  keepalive: ${keepalive}ms
  deadtime: ${deadtime}ms
  warntime: ${0.75 * deadtime}ms
  initdead: ${initdeadOf(deadtime)}ms
  auto_failback: ${autoFailback}
  media: [${ourMedia(options.media ?? "bcast").join(", ")}]
  auth: [${keys.join(", ")}]
${ping.length === 0 ? "" : `  ping: [${ping.join(", ")}]\n  ipfail: on\n`}resources:
${PLACES.map((place) => ourGroup(place, options)).join("\n")}
`;
}

function wordsOf(place: Place, { word }: MixedOptions): readonly string[] {
  return [`${place.vip}/24/eth0`, ...(word !== undefined && place === PLACES[0] ? [word] : [])];
}

function ourGroup(place: Place, options: MixedOptions): string {
  const settings = place === PLACES[0] ? (options.settings ?? "") : "";
  const words = wordsOf(place, options).map((each) => `"${each}"`);
  return `  - { node: ${place.name}, group: [${words.join(", ")}]${settings} }`;
}

function ourMedia(kind: NonNullable<MixedOptions["media"]>): readonly string[] {
  if (kind === "serial") return [`serial: ${SERIAL_PORT}`];
  if (kind === "bcast") return ["bcast: eth1", "bcast: eth0"];
  if (kind === "mcast")
    return ["eth1", "eth0"].map((name) => `{ mcast: { interface: ${name}, group: ${GROUP} } }`);
  return PLACES.flatMap(({ lan, cable }) => [
    `{ ucast: { interface: eth1, peer: ${cable} } }`,
    `{ ucast: { interface: eth0, peer: ${lan} } }`,
  ]);
}

function realMedia(kind: NonNullable<MixedOptions["media"]>): string {
  if (kind === "serial") return `baud 19200\nserial ${SERIAL_PORT}`;
  if (kind === "bcast") return "bcast eth1 eth0";
  if (kind === "mcast") return ["eth1", "eth0"].map((name) => `mcast ${name} ${GROUP} 694 1 0`).join("\n");
  return PLACES.map(({ lan, cable }) => `ucast eth1 ${cable}\nucast eth0 ${lan}`).join("\n");
}

export function heartbeatFiles(options: MixedOptions): HeartbeatFiles {
  const { autoFailback = "on", keepalive = 200, deadtime = 2000, msgfmt, ping = [] } = options;
  const { send, accept } = keysOf(options);
  const keys = accept.map(({ id, method }) => `${id} ${method}${method === "crc" ? "" : ` laboratory${id}`}`);
  return {
    "ha.cf": `logfile /var/log/ha-log
logfacility none
keepalive ${keepalive}ms
deadtime ${deadtime}ms
warntime ${0.75 * deadtime}ms
initdead ${initdeadOf(deadtime)}ms
realtime on
${msgfmt === undefined ? "" : `msgfmt ${msgfmt}\n`}${realMedia(options.media ?? "bcast")}
auto_failback ${autoFailback}
crm no
node ${PLACES.map(({ name }) => name).join(" ")}
${ping.length === 0 ? "" : `ping ${ping.join(" ")}\nrespawn hacluster ${IPFAIL}\n`}`,
    authkeys: `auth ${send}\n${keys.join("\n")}\n`,
    haresources: PLACES.map((place) => `${place.name} ${wordsOf(place, options).join(" ")}\n`).join(""),
  };
}
