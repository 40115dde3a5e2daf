// Writes typed bodies as messages, with the field order of heartbeat 3.0.6 (whose captured messages are the golden
// files of the tests). The trailer follows later, when the message gets its number (channel).

import type { MessageBody } from "./body.ts";
import type { Field, Message } from "./message.ts";

/** The message of `body` without trailer. ipfail's own messages place `src` earlier; no receiver minds the order. */
export function compose(body: MessageBody): Message {
  const fields = fieldsOf(body);
  if ("destuuid" in body && body.destuuid !== undefined) {
    fields.push({ name: "destuuid", value: body.destuuid });
  }
  return { fields };
}

function fieldsOf(body: MessageBody): Field[] {
  switch (body.type) {
    case "status": {
      const protocol = body.protocol === undefined ? [] : list({ protocol: String(body.protocol) });
      return [...list({ t: body.type, st: body.status, dt: body.deadtime.toString(16) }), ...protocol];
    }
    case "shutdone":
      return list({ t: body.type, st: "dead" });
    case "resource": {
      const stable =
        body.stable === undefined ? [] : list({ rtype: "full", isstable: body.stable ? "1" : "0" });
      const reason = body.reason === undefined ? [] : list({ info: body.reason });
      return [...list({ t: body.type, rsc_hold: body.holds }), ...stable, ...reason];
    }
    case "ask_resources":
      return list({ t: body.type, rsc_hold: body.scope, info: body.step });
    case "hb_takeover":
      return list({ t: body.type, rsc_hold: body.scope });
    case "ip-request":
      return list({ t: body.type, ipaddr: body.group });
    case "ip-request-resp": {
      const { group, owned, ok } = body;
      const verdict = { weown: owned ? "yes" : "no", ok: ok ? "OK" : "fail" };
      return list({ t: body.type, dest: body.dest, ipaddr: group, ...verdict });
    }
    case "stonith":
      return list({ t: body.type, node: body.node, result: body.result });
    case "addnode":
    case "delnode":
      return list({ t: body.type, nodelist: body.nodes.join(" ") });
    case "repnodes": {
      const lists = { nodelist: blankEnded(body.nodes), delnodelist: blankEnded(body.deleted) };
      return list({ dest: body.dest, t: body.type, ...lists });
    }
    case "starting":
      return list({ t: body.type });
    case "reqnodes":
      return list({ t: body.type, dest: body.dest });
    default:
      return controlOrIpfail(body);
  }
}

type ControlOrIpfail = Extract<
  MessageBody,
  { type: `NS_${string}` | "hbapi-clstat" | "num_ping_nodes" | "you_are_dead" | "abort_giveup" }
>;

function controlOrIpfail(body: ControlOrIpfail): Field[] {
  switch (body.type) {
    case "NS_ackmsg":
      return list({ t: body.type, dest: body.dest, ackseq: body.sequence.toString(16) });
    case "NS_rexmit":
      // The one message with decimal sequence numbers.
      return list({
        t: body.type,
        dest: body.dest,
        firstseq: String(body.first),
        lastseq: String(body.last),
      });
    case "NS_nak_rexmit": {
      const firstseq = body.sequence.toString(16);
      return list({ t: body.type, firstseq, dest: body.dest, info: "seqno too low" });
    }
    case "NS_st":
      return list({ t: body.type, st: "ping", info: "ping" });
    case "hbapi-clstat": {
      const client = { st: "join", from_id: "ipfail", to_id: "ipfail", info: "signon" };
      return list({ t: body.type, ...client, client_gen: String(body.clientGeneration) });
    }
    case "num_ping_nodes":
    case "you_are_dead":
    case "abort_giveup": {
      const count = body.type === "num_ping_nodes" ? list({ num_ping: String(body.pingNodes) }) : [];
      const client = { dest: body.dest, from_id: "ipfail", to_id: "ipfail" };
      return [
        ...list({ t: body.type }),
        ...count,
        ...list({ ...client, client_gen: String(body.clientGeneration) }),
      ];
    }
  }
}

function list(values: Readonly<Record<string, string>>): Field[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function blankEnded(names: readonly string[]): string {
  return names.length === 0 ? " " : names.map((name) => `${name} `).join("");
}
