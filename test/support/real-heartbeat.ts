// A node that runs Debian's heartbeat 3.0.6 itself: the measure of what "interoperates" means. Packages: heartbeat,
// cluster-glue, resource-agents, net-tools. It lives in PID, mount, UTS and IPC namespaces of its own inside a Namespace
// (heartbeat ends its failed shutdown with "pkill -9" and "reboot -nf"), with /run, /var/log, /var/lib/heartbeat and
// /etc/ha.d in memory. Its first process dies with the laboratory, and with it everything in the PID namespace.

import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ResourceScope } from "../../firmware/core/event.ts";
import { available, type CommandResult, type Namespace } from "./netns.ts";

const heartbeat = "/usr/libexec/heartbeat/heartbeat";

/** The texts of the three files that configure a heartbeat node: ha.cf(5), authkeys(5), haresources. */
export interface HeartbeatFiles {
  readonly "ha.cf": string;
  readonly authkeys: string;
  readonly haresources: string;
}

/** Why no real node can run here, in words to be printed as the reason of a skip; undefined if it can. */
export function realHeartbeatAvailable(): string | undefined {
  // A user namespace that maps root alone has no user hacluster, as whom heartbeat runs its processes.
  if (process.getuid?.() !== 0) return "Debian's heartbeat needs root and its user hacluster";
  if (!existsSync(heartbeat)) return `${heartbeat} is missing; the Debian package is heartbeat`;
  return available();
}

/** Prepares the box, then stays as its first process: that reaps what heartbeat leaves, as init(8) would. */
const firstProcess = `set -e
hostname "$1"
for directory in /run /var/log; do mount -t tmpfs tmpfs $directory; done
for directory in /etc/ha.d /var/lib/heartbeat; do
  mkdir -p /run/private$directory
  cp -a $directory/. /run/private$directory
  mount --bind /run/private$directory $directory
done
rm -f /var/lib/heartbeat/hb_* /var/lib/heartbeat/hostcache /etc/ha.d/ha.cf /etc/ha.d/authkeys /etc/ha.d/haresources
[ ! -e /sbin/reboot ] || mount --bind /bin/true /sbin/reboot
mkdir -p /run/lock/subsys /run/resource-agents /run/crm
mkdir -p /run/heartbeat/ccm /run/heartbeat/crm /run/heartbeat/dopd /run/heartbeat/rsctmp
chown hacluster:haclient /run/crm /run/heartbeat /run/heartbeat/ccm /run/heartbeat/crm /run/heartbeat/dopd
echo ready
while :; do sleep 3600 & wait $! || :; done`;

export class RealHeartbeat {
  readonly name: string;
  readonly namespace: Namespace;
  /** The process of unshare(1): the namespaces can be entered, and the files reached, by way of it. */
  readonly #pid: number;

  private constructor(name: string, namespace: Namespace, pid: number) {
    this.name = name;
    this.namespace = namespace;
    this.#pid = pid;
  }

  /** A box of that host name, configured, on which heartbeat does not run yet. */
  static async place(namespace: Namespace, name: string, files: HeartbeatFiles): Promise<RealHeartbeat> {
    const separate = [
      "unshare",
      "--pid",
      "--mount",
      "--uts",
      "--ipc",
      "--fork",
      "--kill-child",
      "--mount-proc",
    ];
    const box = namespace.spawn([...separate, "bash", "-c", firstProcess, "bash", name], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    box.stderr?.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    if (box.stdout === null || box.pid === undefined) throw new Error(`the box ${name} could not be started`);
    const ready = await Promise.race([
      once(box.stdout, "data").then(() => true),
      once(box, "exit").then(() => false),
    ]);
    if (!ready) throw new Error(`the box ${name} could not be prepared: ${said.trim()}`);
    const node = new RealHeartbeat(name, namespace, box.pid);
    await node.configure(files);
    return node;
  }

  /** Writes the files given. A running node looks at them when it is told to reload. */
  async configure(files: Partial<HeartbeatFiles>): Promise<void> {
    for (const [file, text] of Object.entries(files)) {
      const path = this.#path(`/etc/ha.d/${file}`);
      const before = await stat(path).catch(() => undefined);
      // heartbeat refuses keys that others may read.
      await writeFile(path, text, { mode: 0o600 });
      // It takes a file for unchanged that was written twice within a second.
      if (before !== undefined) await utimes(path, before.atime, new Date(before.mtimeMs + 1000));
    }
  }

  /** Runs a command on the box; a failing command is a result, not an exception. */
  exec(argv: readonly string[]): Promise<CommandResult> {
    const pid = `--pid=/proc/${this.#pid}/ns/pid_for_children`;
    const enter = ["nsenter", "--target", `${this.#pid}`, "--mount", "--uts", "--ipc", pid, "--"];
    return this.namespace.exec([...enter, ...argv]);
  }

  /** Starts heartbeat, which goes to the background. */
  async start(): Promise<void> {
    await this.#service("");
  }

  /** The orderly end; resolves when heartbeat has gone. */
  async stop(): Promise<void> {
    await this.#service("-k");
  }

  /** heartbeat -r: new keys are taken, for a new ha.cf it restarts itself in place; resolves when it has been told so. */
  async reload(): Promise<void> {
    await this.#service("-r");
  }

  /** The uuid by which its peers know it, once it has run. */
  async uuid(): Promise<Buffer> {
    return await readFile(this.#path("/var/lib/heartbeat/hb_uuid"));
  }

  /** Ends every process of the box but the first, as a power cut does. */
  async kill(): Promise<void> {
    await this.exec(["sh", "-c", "kill -KILL -1"]);
  }

  /** Runs one of heartbeat's own operator scripts; the hand-over goes on after it has resolved. */
  async operate(script: "hb_standby" | "hb_takeover", scope: ResourceScope): Promise<void> {
    const { code, stdout, stderr } = await this.exec([`/usr/share/heartbeat/${script}`, scope]);
    if (code !== 0)
      throw new Error(`${script} ${scope} on ${this.name} ended with ${code}: ${stdout}${stderr}`);
  }

  /** Everything that it has logged, over all its starts. */
  async log(): Promise<string> {
    return await readFile(this.#path("/var/log/ha-log"), "utf8").catch(() => "");
  }

  /** What it says it holds (cl_status(1), rscstatus): all, local, foreign, none, transition. */
  async holding(): Promise<string> {
    return (await this.exec(["cl_status", "rscstatus"])).stdout.trim();
  }

  async #service(option: string): Promise<void> {
    // What it starts would keep a pipe open.
    const command = `exec ${heartbeat} ${option} </dev/null >/var/log/service 2>&1`;
    const { code } = await this.exec(["sh", "-c", command]);
    if (code === 0) return;
    const said = await readFile(this.#path("/var/log/service"), "utf8");
    throw new Error(`heartbeat ${option} on ${this.name} ended with ${code}: ${said}${await this.log()}`);
  }

  #path(path: string): string {
    return join(`/proc/${this.#pid}/root`, path);
  }
}
