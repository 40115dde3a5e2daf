// What happened in a simulated run, readable: time, node, event, actions. Lines are made only when somebody reads them.

import type { Action } from "../../../firmware/core/action.ts";
import type { AuthConfig } from "../../../firmware/core/config/cluster.ts";
import type { Event } from "../../../firmware/core/event.ts";
import { createAuthenticator } from "../../../firmware/core/heartbeat/auth.ts";
import { decodeFrame } from "../../../firmware/core/heartbeat/frame.ts";

/** Lines kept for the report of a failing run. */
const KEPT = 400;

const TRAILER = new Set(["srcuuid", "destuuid", "hg", "ts", "ttl", "ld"]);

export class Trace {
  readonly #auth: ReturnType<typeof createAuthenticator>;
  readonly #lines: (() => string)[] = [];
  readonly #print: ((line: string) => void) | undefined;

  constructor(auth: AuthConfig, print?: (line: string) => void) {
    this.#auth = createAuthenticator(auth);
    this.#print = print;
  }

  /** Something that happened to the world. */
  world(at: number, text: string): void {
    this.#add(() => `${time(at)} ${"*".padEnd(9)} ${text}`);
  }

  /** A step of a node; one that did nothing is left out. */
  step(at: number, node: string, event: Event, actions: readonly Action[]): void {
    if (actions.length === 0) return;
    this.#add(() =>
      [
        `${time(at)} ${node.padEnd(9)} ${this.event(event)}`,
        ...actions.map((action) => `${" ".repeat(13)}  -> ${this.action(action)}`),
      ].join("\n"),
    );
  }

  tail(): string {
    return this.#lines.map((line) => line()).join("\n");
  }

  #add(line: () => string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT) this.#lines.shift();
    this.#print?.(line());
  }

  event(event: Event): string {
    switch (event.type) {
      case "frame":
        return `frame on ${event.medium}: ${this.frame(event.bytes)}`;
      case "echo":
        return `echo of ${event.source}`;
      case "observed":
        return `observed ${event.addresses.map((each) => `${each.interface}=${each.address}`).join(" ")}`;
      case "operator":
        return `operator ${Object.values(event.request).join(" ")}`;
      case "change-failed":
        return `change-failed ${event.address}: ${event.error}`;
      case "rival":
        return `rival ${event.mac} for ${event.address} on ${event.interface}`;
      case "carrier":
        return `carrier of ${event.interface} ${event.up ? "up" : "down"}`;
      default:
        return event.type;
    }
  }

  action(action: Action): string {
    switch (action.type) {
      case "send":
        return `send ${this.frame(action.bytes)}`;
      case "ping":
        return `ping ${action.target}`;
      case "log":
        return `log ${action.severity}: ${action.text}`;
      case "announce":
        return `announce ${action.address} on ${action.interface} (${action.form})`;
      case "record":
        return `record ${Object.values(action.decision.transition).join(" ")}`;
      case "answer":
        return `answer ${action.id}: ${action.error ?? "done"}`;
      default:
        return action.type;
    }
  }

  /** The message of a frame as name=value words, without most of the trailer. */
  frame(bytes: Uint8Array): string {
    const decoded = decodeFrame(bytes, this.#auth);
    if (!decoded.ok) return `(${decoded.reason}: ${decoded.detail})`;
    return decoded.message.fields
      .filter(({ name }) => !TRAILER.has(name))
      .map(({ name, value }) => `${name}=${typeof value === "string" ? value : "…"}`)
      .join(" ");
  }
}

function time(at: number): string {
  return (at / 1000).toFixed(4).padStart(13);
}
