// The port Store in a directory: the generation and the uuid, each in a file of its own that is either the old or the new one
// whatever happens (written beside it, fsync(2), rename(2), fsync of the directory).
// heartbeat's rule for the generation: the first is the time plus one, each start adds one (heartbeat 3.0.6, hb_generation).

import { createHash, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../ports/store.ts";

export interface FileStoreOptions {
  readonly directory: string;
  /**
   * Given when the directory does not outlive a reboot: the uuid is then made from these hardware addresses, so that the node
   * is the same one after it.
   */
  readonly macs?: readonly string[];
  /** Told when a stored value is unreadable and a new one takes its place. */
  readonly warn: (text: string) => void;
}

export class FileStore implements Store {
  readonly #options: FileStoreOptions;

  constructor(options: FileStoreOptions) {
    this.#options = options;
  }

  /** Above the stored one, and above the clock, so that it rises over reboots even where nothing is kept. */
  nextGeneration(wall: number): number {
    const stored = this.#read("generation", /^[1-9]\d{0,14}$/);
    const generation = Math.max(wall, stored === undefined ? 0 : Number(stored)) + 1;
    this.#write("generation", `${generation}`);
    return generation;
  }

  uuid(): Uint8Array {
    const stored = this.#read("uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    if (stored !== undefined) return Buffer.from(stored.replaceAll("-", ""), "hex");
    const uuid = makeUuid(this.#options.macs ?? []);
    this.#write("uuid", uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
    return uuid;
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }

  #read(name: string, form: RegExp): string | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path(name), "latin1").trim();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
    if (form.test(text)) return text;
    const shown = JSON.stringify(text.slice(0, 40));
    this.#options.warn(`${this.#path(name)} holds ${shown}, which is no ${name}: a new one is made`);
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
