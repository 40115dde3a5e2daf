// The port OperatorDoor: a unix socket (unix(7)) that only its owner may open. One line of JSON asks, one line answers; a
// connection may ask several times. It also is the lock that keeps a second daemon of this box from starting.

import { once } from "node:events";
import { mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { DoorRequest, OperatorAnswer, OperatorDoor } from "../ports/operator.ts";
import { codeOf, words } from "./outcome.ts";

const longestRequest = 4096;
const mostConnections = 16;
const commands = ["status", "why", "takeover", "standby", "fenced", "cleanup", "reload", "forget"] as const;
const scopes = ["all", "local", "foreign"] as const;

const forbidden: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

type Ask = (request: DoorRequest, answer: (answer: OperatorAnswer) => void) => void;

export class OperatorSocket implements OperatorDoor {
  readonly #path: string;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Rejects when another process answers at the socket, or when it cannot be made there. */
  async open(ask: Ask): Promise<void> {
    try {
      await this.#open(ask);
    } catch (error) {
      if (!forbidden.has(codeOf(error))) throw error;
      const remedy = "run as root, or with a --socket and a --state that this user may write";
      throw new Error(`the operator socket ${this.#path} cannot be made: ${words(error)}: ${remedy}`);
    }
  }

  async #open(ask: Ask): Promise<void> {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o755 });
    const server = createServer((connection) => this.#serve(connection, ask));
    server.maxConnections = mostConnections;
    await listen(server, this.#path).catch(async (error: unknown) => {
      if (codeOf(error) !== "EADDRINUSE") throw error;
      if (await isAnswered(this.#path)) {
        throw new Error(`another pulsebox ha runs on this box: it answers at ${this.#path}`);
      }
      if (!statSync(this.#path).isSocket()) throw new Error(`${this.#path} is a file and no socket`);
      unlinkSync(this.#path);
      await listen(server, this.#path);
    });
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const connection of this.#connections) connection.end();
    server.close();
    await once(server, "close");
  }

  #serve(connection: Socket, ask: Ask): void {
    this.#connections.add(connection);
    connection.on("close", () => this.#connections.delete(connection));
    connection.on("error", () => connection.destroy()); // the operator is gone
    let received = "";
    connection.setEncoding("utf8");
    connection.on("data", (chunk: string) => {
      received += chunk;
      for (let end = received.indexOf("\n"); end >= 0; end = received.indexOf("\n")) {
        const line = received.slice(0, end);
        received = received.slice(end + 1);
        respond(connection, line, ask);
      }
      if (received.length > longestRequest) {
        connection.end(refusal(`the request is longer than ${longestRequest} characters`));
        received = "";
      }
    });
  }
}

function respond(connection: Socket, line: string, ask: Ask): void {
  const request = parseRequest(line);
  if ("error" in request) {
    connection.write(refusal(request.error));
    return;
  }
  ask(request, (answer) => {
    if (connection.writable) connection.write(`${JSON.stringify(answer)}\n`);
  });
}

function refusal(error: string): string {
  return `${JSON.stringify({ error })}\n`;
}

/** The request in `line`, or in words what is wrong with it. */
export function parseRequest(line: string): DoorRequest | { readonly error: string } {
  if (line.length > longestRequest) {
    return { error: `the request is longer than ${longestRequest} characters` };
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { error: `the request is no JSON: ${words(error)}` };
  }
  if (typeof value !== "object" || value === null || !("command" in value)) {
    return { error: 'the request is no object with a "command"' };
  }
  const { command } = value;
  if (command === "status" || command === "cleanup" || command === "reload") return { command };
  if (command === "forget" || command === "fenced") {
    return nodeRequest(command, "node" in value ? value.node : undefined);
  }
  if (command === "why") return whyRequest("last" in value ? value.last : 20);
  if (command !== "takeover" && command !== "standby") {
    return { error: `command ${JSON.stringify(command)} is not one of ${commands.join(", ")}` };
  }
  const given: unknown = "scope" in value ? value.scope : "all";
  const scope = scopes.find((known) => known === given);
  if (scope === undefined)
    return { error: `scope ${JSON.stringify(given)} is not one of ${scopes.join(", ")}` };
  return { command, scope };
}

function nodeRequest(command: "forget" | "fenced", node: unknown): DoorRequest | { readonly error: string } {
  if (typeof node === "string") return { command, node };
  return { error: `node ${JSON.stringify(node)} is not a node's name` };
}

function whyRequest(last: unknown): DoorRequest | { readonly error: string } {
  if (typeof last === "number" && Number.isSafeInteger(last) && last > 0) return { command: "why", last };
  return { error: `last ${JSON.stringify(last)} is not a whole number above 0` };
}

/** Binds with mode 0600 from the first moment: libuv binds within this call, so that the mask covers nothing else. */
async function listen(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  await once(server, "listening");
}

async function isAnswered(path: string): Promise<boolean> {
  const probe = connect(path);
  try {
    await once(probe, "connect");
    return true;
  } catch {
    return false; // ECONNREFUSED: left behind by a process that is gone
  } finally {
    probe.destroy();
  }
}
