// The rule for the speed of serial media: heartbeats must fit the line, with room for what else is said. A line of 8N1
// carries a tenth of its baud rate in bytes each second, in each direction. The size of a heartbeat is that of a real one.

import { createAuthenticator } from "../heartbeat/auth.ts";
import type { ClusterView } from "../heartbeat/cluster-view.ts";
import { compose } from "../heartbeat/compose.ts";
import { encodeClassic } from "../heartbeat/frame.ts";
import { withTrailer } from "../heartbeat/message.ts";
import { type NodeView, viewField } from "../heartbeat/view.ts";
import { NONE } from "../resource/sides.ts";
import { formatDuration } from "./duration.ts";
import { authKeysOf } from "./heartbeat-rules.ts";
import type { Inspection, Rule } from "./inspection.ts";
import type { Remainder } from "./schema.ts";
import { baudRates } from "./schema.ts";
import { timingOf } from "./timing.ts";

/** The rest of the line is for acknowledgements, hand-overs and what has to be said again. */
const SHARE = 0.8;
const BITS_PER_BYTE = 10;
/** As wide as it is some weeks after the start. */
const POSITION = { generation: 0x6b020237, sequence: 0xffffff };

export const serialSpeed: Rule = (inspection) => {
  const { file, intact, warning } = inspection;
  const { heartbeat, nodes = {} } = file;
  const known = intact("nodes") && intact("heartbeat", "keepalive") && intact("heartbeat", "baud");
  if (heartbeat === undefined || !known) return;
  const { keepalive } = timingOf(heartbeat);
  const { baud = 19_200, media = [] } = heartbeat;
  // In a ring each cable carries what its end says and what that end passes on.
  const heartbeats = Math.max(1, Object.keys(nodes).length - 1);
  const length = heartbeatLength(inspection);
  const needed = (heartbeats * length * 1000) / keepalive;
  const fits = (rate: number): boolean => needed <= (SHARE * rate) / BITS_PER_BYTE;
  if (fits(baud)) return;
  const what = heartbeats === 1 ? "a heartbeat" : `${heartbeats} heartbeats`;
  const load = `${what} of ${length} bytes every ${formatDuration(keepalive)} ${heartbeats === 1 ? "is" : "are"} ${Math.round(needed)} bytes/s`;
  const faster = baudRates.find(fits);
  const slower = Math.ceil((heartbeats * length * BITS_PER_BYTE * 1000) / (SHARE * baud) / 10) * 10;
  const ways = [...(faster === undefined ? [] : [`baud: ${faster}`]), `keepalive: ${formatDuration(slower)}`];
  const message = `${load}; ${baud} baud carry ${baud / BITS_PER_BYTE}, and other messages need room; ${ways.join(" or ")} would fit`;
  for (const [index, { serial }] of media.entries()) {
    if (serial !== undefined) warning(["heartbeat", "media", index, "serial"], message);
  }
};

/** The classic frame of the longest-named node's status message, some weeks after the start. */
function heartbeatLength({ file }: Inspection): number {
  const { heartbeat = {}, nodes = {} } = file;
  const names = Object.keys(nodes).sort((a, b) => b.length - a.length);
  const [src = "node"] = names;
  const { deadtime } = timingOf(heartbeat);
  const { fields } = compose({ type: "status", status: "active", deadtime, protocol: 1 });
  const own = new Set([src]);
  const view: NodeView = {
    ...{ claim: own, has: own, kept: own, alone: false, stable: true, handover: "none" },
    hears: POSITION,
    ...(names.length > 2 && { cluster: clusterView(names) }),
  };
  const trailer = { src, srcuuid: new Uint8Array(16), seq: 0xffffff, hg: 0x6b020237, ts: 0x6b020237 };
  const ttl = names.length + (heartbeat.hopfudge ?? 1);
  const message = withTrailer({ fields: [...fields, viewField(view, src)] }, { ...trailer, ttl });
  return encodeClassic(message, signer(heartbeat)).length;
}

/** What a node of three or more adds, in quiet times. */
function clusterView(names: readonly string[]): ClusterView {
  const hears = new Map(names.slice(1).map((name) => [name, POSITION]));
  return { wants: NONE, echo: new Map(), estranged: new Map(), orders: new Map(), hears, leaving: false };
}

/** The key does not change the length of a signature, its method does. */
function signer(heartbeat: NonNullable<Remainder["heartbeat"]>) {
  const keys = authKeysOf(heartbeat);
  const sender = keys.find(({ entry }) => entry.send === true) ?? keys[0];
  const method = sender?.entry.method ?? "sha1";
  return createAuthenticator({
    sendWith: 1,
    keys: [{ id: 1, method, ...(method !== "crc" && { key: "any" }) }],
  });
}
