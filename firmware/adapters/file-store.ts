// The port Store in a directory: the generation, the uuid and how far each peer's numbering had come, each in a file of its
// own that is either the old or the new one whatever happens (written beside it, fsync(2), rename(2)); what a start needs is on
// the disk when it returns (fsync of the directory).
// What is needed before the first event is written while the start waits; what comes later is written behind, because a
// disk may take seconds and heartbeats must not.
// heartbeat's rule for the generation: the first is the time plus one, each start adds one (heartbeat 3.0.6, hb_generation).

import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Position } from "../core/heartbeat/inbox.ts";
import type { Store } from "../ports/store.ts";
import { codeOf, words } from "./outcome.ts";

export interface FileStoreOptions {
  readonly directory: string;
  /**
   * Given when the directory does not outlive a reboot: the uuid is then made from these hardware addresses, so that the node
   * is the same one after it.
   */
  readonly macs?: readonly string[];
  /**
   * Where Debian's heartbeat keeps its own, given when this node takes the place of one on the same machine: a node that goes on
   * under the same uuid and above the same generation is to its peers the one that they know.
   */
  readonly heartbeat?: string;
  /** Told when a stored value is unreadable and a new one takes its place. */
  readonly warn: (text: string) => void;
}

export class FileStore implements Store {
  readonly #options: FileStoreOptions;
  /** What is still to be written of each peer; undefined: its file is to go. */
  readonly #waiting = new Map<string, Position | undefined>();
  #writing: Promise<void> | undefined;
  #failure = "";

  constructor(options: FileStoreOptions) {
    this.#options = options;
  }

  /** Above the stored one, and above the clock, so that it rises over reboots even where nothing is kept. */
  nextGeneration(wall: number): number {
    const stored = this.#read("generation", /^[1-9]\d{0,14}$/, "a new one is made");
    const generation =
      Math.max(wall, stored === undefined ? 0 : Number(stored), this.#heartbeatGeneration()) + 1;
    this.#write("generation", `${generation}`);
    return generation;
  }

  uuid(): Uint8Array {
    const stored = this.#read("uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "a new one is made");
    if (stored !== undefined) return Buffer.from(stored.replaceAll("-", ""), "hex");
    const uuid = this.#heartbeatUuid() ?? makeUuid(this.#options.macs ?? []);
    this.#write("uuid", uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
    return uuid;
  }

  /** hb_uuid: 16 bytes. */
  #heartbeatUuid(): Buffer | undefined {
    const bytes = this.#readHeartbeat("hb_uuid");
    return bytes?.length === 16 && bytes.some((byte) => byte !== 0) ? bytes : undefined;
  }

  /** hb_generation: a decimal number. */
  #heartbeatGeneration(): number {
    const text = this.#readHeartbeat("hb_generation")?.toString("latin1").trim() ?? "";
    return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
  }

  #readHeartbeat(name: string): Buffer | undefined {
    const { heartbeat } = this.#options;
    if (heartbeat === undefined) return undefined;
    try {
      return readFileSync(join(heartbeat, name));
    } catch {
      return undefined; // heartbeat never ran here
    }
  }

  positions(nodes: readonly string[]): ReadonlyMap<string, Position> {
    const found = new Map<string, Position>();
    for (const node of nodes) {
      const text = this.#read(
        positionFile(node),
        /^\d{1,15} \d{1,15}$/,
        "whatever that node says first is accepted",
      );
      const [generation, sequence] = text?.split(" ").map(Number) ?? [];
      if (generation !== undefined && sequence !== undefined) found.set(node, { generation, sequence });
    }
    return found;
  }

  remember(node: string, position: Position): void {
    this.#waiting.set(node, position);
    this.#writing ??= this.#writeBehind();
  }

  forget(node: string): void {
    this.#waiting.set(node, undefined);
    this.#writing ??= this.#writeBehind();
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #writeBehind(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [node, position] = next;
      try {
        await this.#replace(positionFile(node), position);
        this.#failure = "";
      } catch (error) {
        this.#tellOnce(`What was heard of node ${node} cannot be kept: ${words(error)}`);
      }
    }
    this.#writing = undefined;
  }

  #next(): readonly [string, Position | undefined] | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next[0]);
    return next;
  }

  async #replace(name: string, position: Position | undefined): Promise<void> {
    const { directory } = this.#options;
    if (position === undefined) {
      await rm(this.#path(name), { force: true });
      return;
    }
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const temporary = this.#path(`${name}.new`);
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(`${position.generation} ${position.sequence}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path(name));
  }

  #tellOnce(failure: string): void {
    if (failure !== this.#failure) this.#options.warn(failure);
    this.#failure = failure;
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }

  #read(name: string, form: RegExp, otherwise: string): string | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path(name), "latin1").trim();
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    if (form.test(text)) return text;
    const shown = JSON.stringify(text.slice(0, 40));
    this.#options.warn(
      `${this.#path(name)} holds ${shown}, which is no ${name.replace(/-.*/, "")}: ${otherwise}`,
    );
    return undefined;
  }

  #write(name: string, text: string): void {
    const { directory } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const temporary = this.#path(`${name}.new`);
    withDescriptor(temporary, "w", (descriptor) => {
      writeSync(descriptor, `${text}\n`);
      fsyncSync(descriptor);
    });
    renameSync(temporary, this.#path(name));
    withDescriptor(directory, "r", fsyncSync);
  }
}

/** Node names have no slash, and this cannot be the name of another file of the state area. */
function positionFile(node: string): string {
  return `position-${node}`;
}

function withDescriptor(path: string, flags: string, use: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** RFC 9562: version 8 from hardware addresses, version 4 when there are none. */
function makeUuid(macs: readonly string[]): Buffer {
  const named = macs.length > 0;
  const bytes = named
    ? createHash("sha256")
        .update(`pulsebox node ${[...macs].sort().join(" ")}`)
        .digest()
        .subarray(0, 16)
    : randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (named ? 0x80 : 0x40), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}
