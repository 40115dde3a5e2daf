// Reads a message as what it says: every field checked against the values and bounds of heartbeat 3.0.6, every fault
// named. What is hex and what is decimal on the wire ends here (NS_rexmit alone counts in decimal).

import {
  type Addressed,
  addressed,
  type InvalidMessage,
  type KnownMessage,
  type MessageBody,
  type UnknownMessage,
} from "./body.ts";
import { type FieldReader, fieldReader } from "./fields.ts";
import { isControl, type Message, type Trailer } from "./message.ts";

/** One day: a deadtime beyond that is a typing error, and a node that never dies. Milliseconds. */
const LONGEST_DEADTIME = 86_400_000;
/** Sequence numbers and generations are 64 bits wide on the wire; beyond this they would no longer be exact. */
const HIGHEST = Number.MAX_SAFE_INTEGER;
/** 100 nodes and any hopfudge. */
const HIGHEST_TTL = 1000;
const SCOPES = ["all", "local", "foreign"] as const;

type BodyReader = (read: FieldReader) => MessageBody;

const READERS: { readonly [T in MessageBody["type"]]: BodyReader } = {
  status: (read) => ({
    type: "status",
    status: read.oneOf("st", ["init", "up", "active"]),
    deadtime: read.hex("dt", 1, LONGEST_DEADTIME),
    ...(read.has("protocol") && { protocol: read.decimal("protocol", 0, 1000) }),
  }),
  starting: () => ({ type: "starting" }),
  shutdone: (read) => {
    read.oneOf("st", ["dead"]);
    return { type: "shutdone" };
  },
  resource: readResource,
  ask_resources: (read) => ({
    type: "ask_resources",
    scope: read.oneOf("rsc_hold", SCOPES),
    step: read.oneOf("info", ["me", "other", "done"]),
  }),
  hb_takeover: (read) => ({ type: "hb_takeover", scope: read.oneOf("rsc_hold", SCOPES) }),
  "ip-request": (read) => ({ type: "ip-request", group: read.word("ipaddr") }),
  "ip-request-resp": (read) => ({
    type: "ip-request-resp",
    ...addressee(read),
    group: read.word("ipaddr"),
    owned: read.oneOf("weown", ["yes", "no"]) === "yes",
    ok: read.text("ok") === "OK",
  }),
  stonith: (read) => ({
    type: "stonith",
    node: read.nodeName("node"),
    result: read.oneOf("result", ["OK", "n_stnth", "unneeded", "bad", "badhost"]),
  }),
  reqnodes: (read) => ({ type: "reqnodes", ...addressee(read) }),
  repnodes: (read) => ({
    type: "repnodes",
    ...addressee(read),
    nodes: read.nodeNames("nodelist"),
    deleted: read.nodeNames("delnodelist"),
  }),
  addnode: (read) => ({ type: "addnode", nodes: read.nodeNames("nodelist") }),
  delnode: (read) => ({ type: "delnode", nodes: read.nodeNames("nodelist") }),
  NS_ackmsg: (read) => ({ type: "NS_ackmsg", ...addressee(read), sequence: read.hex("ackseq", 0, HIGHEST) }),
  NS_rexmit: (read) => {
    const first = read.decimal("firstseq", 1, HIGHEST);
    return { type: "NS_rexmit", ...addressee(read), first, last: read.decimal("lastseq", first, HIGHEST) };
  },
  NS_nak_rexmit: (read) => ({
    type: "NS_nak_rexmit",
    ...addressee(read),
    sequence: read.hex("firstseq", 0, HIGHEST),
  }),
  NS_st: (read) => {
    read.oneOf("st", ["ping"]);
    return { type: "NS_st" };
  },
  "hbapi-clstat": (read) => {
    read.oneOf("st", ["join"]);
    return { type: "hbapi-clstat", clientGeneration: ipfailGeneration(read) };
  },
  num_ping_nodes: (read) => ({
    type: "num_ping_nodes",
    ...addressee(read),
    clientGeneration: ipfailGeneration(read),
    pingNodes: read.decimal("num_ping", 0, 1000),
  }),
  you_are_dead: (read) => ({
    type: "you_are_dead",
    ...addressee(read),
    clientGeneration: ipfailGeneration(read),
  }),
  abort_giveup: (read) => ({
    type: "abort_giveup",
    ...addressee(read),
    clientGeneration: ipfailGeneration(read),
  }),
};

/** What `message` says. A frame that is not valid is never acted upon; with a valid trailer it still counts in the numbering. */
export function classify(message: Message): KnownMessage | UnknownMessage | InvalidMessage {
  const read = fieldReader(message);
  const name = read.text("t");
  const trailer = readTrailer(read, isControl(message), name === "NS_st");
  if (read.faults.length > 0) return { type: "invalid", detail: read.faults.join("; ") };
  if (!isKnown(name)) return { type: "unknown", name, trailer };
  const body = READERS[name](read);
  if (read.faults.length > 0) {
    return { type: "invalid", detail: `${name}: ${read.faults.join("; ")}`, trailer };
  }
  return { ...body, trailer };
}

function isKnown(name: string): name is MessageBody["type"] {
  return Object.hasOwn(READERS, name);
}

/** Numbered messages must have seq and hg; control messages have hg alone; a ping node's echo has neither. */
function readTrailer(read: FieldReader, control: boolean, echo: boolean): Trailer {
  return {
    src: read.nodeName("src"),
    ...(read.has("srcuuid") && { srcuuid: read.uuid("srcuuid") }),
    ...(!control && { seq: read.hex("seq", 1, HIGHEST) }),
    ...((!echo || read.has("hg")) && { hg: read.hex("hg", 0, HIGHEST) }),
    ts: read.hex("ts", 0, HIGHEST),
    ...(read.has("ld") && { ld: read.text("ld") }),
    ...(read.has("ttl") && { ttl: read.decimal("ttl", 0, HIGHEST_TTL) }),
  };
}

function readResource(read: FieldReader): MessageBody {
  const holds = read.oneOf("rsc_hold", ["none", ...SCOPES]);
  if (read.has("rtype")) read.oneOf("rtype", ["full"]);
  const info = read.has("info") ? read.text("info") : "";
  const reasons = ["shutdown", "standby", "req_our_resources()", "mach_down"] as const;
  const reason = reasons.find((each) => each === info);
  const announcesDeath = reason === "mach_down";
  return {
    type: "resource",
    holds,
    ...((!announcesDeath || read.has("isstable")) && { stable: read.oneOf("isstable", ["0", "1"]) === "1" }),
    ...(reason !== undefined && { reason }),
  };
}

function addressee(read: FieldReader): Addressed {
  return addressed(read.nodeName("dest"), read.has("destuuid") ? read.uuid("destuuid") : undefined);
}

/** ipfail speaks to ipfail; its messages pass through the nodes' own numbering. */
function ipfailGeneration(read: FieldReader): number {
  read.oneOf("from_id", ["ipfail"]);
  read.oneOf("to_id", ["ipfail"]);
  return read.decimal("client_gen", 0, HIGHEST);
}
