// ha.cf(5), directive by directive: one row for each that heartbeat 3.0.6 knows. What has no counterpart is said, unless
// leaving it out changes nothing.

import { formatDuration, parseDuration } from "../config/duration.ts";
import { quote } from "../config/quote.ts";
import type { Draft } from "./draft.ts";
import { about, type Line, readLines, type Word } from "./lines.ts";

interface Directive {
  readonly draft: Draft;
  readonly line: Line;
  /** The directive's own name. */
  readonly name: Word;
  readonly values: readonly Word[];
}

type Reader = (directive: Directive) => void;

const texts = (words: readonly Word[]): string[] => words.map(({ text }) => text);

function warn({ draft, line, name }: Directive, message: string): void {
  draft.diagnostics.push(about(line, name, "warning", message));
}

function refuse({ draft, line, name, values }: Directive, message: string): void {
  draft.diagnostics.push(about(line, values[0] ?? name, "error", message));
}

/** Each value of its own is taken by `take`. */
const each =
  (take: (draft: Draft, value: string) => void): Reader =>
  ({ draft, values }) => {
    for (const value of texts(values)) take(draft, value);
  };

/** "30", "1500ms": heartbeat also says msec, sec, min and the like. */
const time: Reader = (directive) => {
  const { draft, name, values } = directive;
  const written = texts(values).join("").toLowerCase();
  const duration = parseDuration(written.replace(/(hours?|hr)$/, "h").replace(/(minutes?|mins)$/, "m"));
  if (duration === undefined) refuse(directive, `${quote(written)} is no time (10, 1500ms, 2s)`);
  else draft.settings.set(name.text, formatDuration(duration));
};

const number: Reader = (directive) => {
  const { draft, name, values } = directive;
  const [value = ""] = texts(values);
  const before = draft.settings.get(name.text);
  if (!/^\d+$/.test(value)) refuse(directive, `${quote(value)} is no number`);
  else if (before !== undefined && before !== value)
    warn(directive, `${name.text} is ${before} already; a cluster file has one for all media`);
  else draft.settings.set(name.text, value);
};

const truths: Readonly<Record<string, "on" | "off">> = {
  ...{ true: "on", on: "on", yes: "on", y: "on", 1: "on" },
  ...{ false: "off", off: "off", no: "off", n: "off", 0: "off" },
};

const truthOf = ({ values }: Directive): "on" | "off" | undefined =>
  truths[values[0]?.text.toLowerCase() ?? ""];

const autoFailback: Reader = (directive) => {
  const [value = ""] = texts(directive.values);
  const known = value.toLowerCase() === "legacy" ? "legacy" : truthOf(directive);
  if (known === undefined) refuse(directive, `${quote(value)} is not one of on, off and legacy`);
  else directive.draft.settings.set("auto_failback", known);
};

/** Its older name and the opposite sense: a nice node leaves resources where they are. */
const niceFailback: Reader = (directive) => {
  directive.draft.settings.set("auto_failback", truthOf(directive) === "on" ? "off" : "legacy");
};

const udp =
  (...keys: readonly string[]): Reader =>
  (directive) => {
    const { draft, name: kind, values } = directive;
    const given = texts(values);
    if (given.length !== keys.length) {
      refuse(directive, `${kind.text} has ${given.length} values; it takes ${keys.join(", ")}`);
      return;
    }
    const [name = "", address = ""] = given;
    draft.interfaces.add(name);
    if (keys[1] === "peer") draft.peers.push({ interface: name, address });
    const pairs = keys.map((key, index) => `${key}: ${given[index]}`);
    draft.media.push(`${kind.text}: { ${pairs.join(", ")} }`);
  };

const bcast = each((draft, value) => {
  draft.interfaces.add(value);
  draft.media.push(`bcast: ${value}`);
});

const pingGroup: Reader = ({ draft, values }) => {
  const [name = "", ...members] = texts(values);
  draft.pingGroups.set(name, members);
};

/** Programs that are heartbeat's and Pacemaker's own; ipfail is part of the daemon here. */
const partsOfHeartbeat = [
  "ccm",
  "cib",
  "crmd",
  "stonithd",
  "lrmd",
  "attrd",
  "pengine",
  "mgmtd",
  "pingd",
  "dopd",
];

const respawn: Reader = (directive) => {
  const { draft, values } = directive;
  const [user = "", program = "", ...args] = texts(values);
  const name = program.split("/").at(-1) ?? "";
  if (name === "ipfail") draft.ipfail = true;
  else if (partsOfHeartbeat.includes(name))
    refuse(directive, `${program} is a client of heartbeat's own interface, which pulsebox does not have`);
  else draft.respawn.push({ user, command: [program, ...args] });
};

const pacemaker: Reader = (directive) => {
  if (truthOf(directive) === "off") return;
  refuse(directive, "a Pacemaker cluster cannot be converted: its resources are not in haresources");
};

const logging: Reader = (directive) =>
  warn(directive, "not converted: the log goes to standard error, the journal, or the init script's file");

const without =
  (counterpart: string): Reader =>
  (directive) =>
    warn(directive, `not converted: ${counterpart}`);

const nothing: Reader = () => {};

const readers: Readonly<Record<string, Reader>> = {
  node: each((draft, value) => draft.nodes.push(value.toLowerCase())),
  cluster: each((draft, value) => {
    draft.cluster = value;
  }),
  bcast,
  udp: bcast,
  ucast: udp("interface", "peer"),
  mcast: udp("interface", "group", "port", "ttl", "loop"),
  serial: each((draft, value) => draft.media.push(`serial: ${value}`)),
  mcast6: (directive) => refuse(directive, "pulsebox has no medium for multicast over IPv6"),
  ucast6: (directive) => refuse(directive, "pulsebox has no medium for unicast over IPv6"),
  hbaping: without("pulsebox has no ping nodes on Fibre Channel"),
  udpport: number,
  baud: number,
  hopfudge: number,
  keepalive: time,
  warntime: time,
  deadtime: time,
  initdead: time,
  deadping: time,
  auto_failback: autoFailback,
  nice_failback: niceFailback,
  ping: each((draft, value) => draft.ping.push(value)),
  ping_group: pingGroup,
  respawn,
  watchdog: each((draft, value) => draft.settings.set("watchdog", value)),
  stonith: without("see fencing of a node (command, ipmi) in the cluster file"),
  stonith_host: without("see fencing of a node (command, ipmi) in the cluster file"),
  crm: pacemaker,
  pacemaker,
  autojoin: (directive) => {
    if (directive.values[0]?.text !== "none")
      warn(directive, "not converted: every node is named in the file");
  },
  realtime: (directive) => {
    if (truthOf(directive) === "off") warn(directive, "not converted: pulsebox ha --no-realtime");
  },
  debug: without("pulsebox ha --debug"),
  ...Object.fromEntries(["logfile", "debugfile", "logfacility"].map((name) => [name, logging])),
  ...Object.fromEntries(
    [
      ...[
        "apiauth",
        "use_logd",
        "conn_logd_time",
        "coredumps",
        "msgfmt",
        "compression",
        "compression_threshold",
      ],
      ...["traditional_compression", "rtprio", "memreserve", "uuidfrom", "hbgenmethod", "max_rexmit_delay"],
      ...["enable_flow_control", "syslogmsgfmt", "crm_daemon_dir", "crmd_spawns_pengine", "hbversion"],
    ].map((name) => [name, nothing]),
  ),
};

export function readHaCf(file: string, text: string, draft: Draft): void {
  for (const line of readLines(file, text, "anywhere")) {
    const [name, ...values] = line.words;
    if (name === undefined) continue;
    const reader = Object.hasOwn(readers, name.text) ? readers[name.text] : undefined;
    const directive = { draft, line, name, values };
    if (reader === undefined) warn(directive, `not converted: ${quote(name.text)} is no directive of ha.cf`);
    else if (values.length === 0) refuse(directive, `${name.text} has no value`);
    else reader(directive);
  }
  // heartbeat's own default, which it warns about.
  if (!draft.settings.has("auto_failback")) draft.settings.set("auto_failback", "legacy");
}
