// A laboratory of network namespaces (network_namespaces(7)) for tests and the demo: namespaces, veth cables, bridges, commands.
// A namespace is held by a process that waits for the end of its standard input, so it vanishes with the program that made it,
// even if that is killed; nothing is ever created in the machine's own namespace and no name is left in /run/netns. Root uses
// unshare --net; anybody else gets a user namespace first (user_namespaces(7)). Every namespace mounts its own /sys, because
// sysfs shows the network of the process that mounted it. Commands: iproute2 and util-linux.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";

/** What a command said. `code` is the exit code, or 128 + signal number as shells count it. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** One end of a veth cable. */
export interface CableEnd {
  readonly namespace: Namespace;
  readonly interface: string;
  /** Default: random, as the kernel chooses. */
  readonly mac?: string;
  /** In prefix notation, "10.0.0.1/24". */
  readonly addresses?: readonly string[];
}

/** prctl(PR_SET_PDEATHSIG), then a look whether the parent died before that. Goes before the command to be run. */
const dyingWithParent = [
  ...["setpriv", "--pdeathsig", "KILL", "--"],
  ...["sh", "-c", `[ "$PPID" = ${process.pid} ] && exec "$@"`, "sh"],
];

let reason: string | undefined | null = null;

/** Why namespaces cannot be made here, in words to be printed as the reason of a skip; undefined if they can. */
export function available(): string | undefined {
  if (reason === null) reason = whyNot();
  return reason;
}

/** For test.skipIf: `why` the tests of `what` cannot run here, which is printed; undefined if they can. */
export function reasonToSkip(what: string, why = available()): string | undefined {
  if (why !== undefined) console.warn(`${what}: skipped, ${why}`);
  return why;
}

function whyNot(): string | undefined {
  if (process.platform !== "linux") return `network namespaces need Linux, this is ${process.platform}`;
  const script = "ip link set lo up && nsenter --version && setpriv --version";
  const [program = "", ...args] = [...unshareCommand(), "sh", "-c", script];
  const tried = spawnSync(program, args, { encoding: "utf8" });
  if (tried.status === 0) return undefined;
  const said = tried.error?.message ?? tried.stderr.trim();
  return `network namespaces cannot be made with "${unshareCommand().join(" ")}": ${said}`;
}

function unshareCommand(): string[] {
  return ["unshare", ...(isRoot() ? [] : ["--user", "--map-root-user"]), "--net", "--mount"];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Namespaces that belong together and end together. `await using lab = await Lab.create()` disposes of it also when the test
 * throws. Rejects with the reason of `available` where namespaces cannot be made.
 */
export class Lab {
  readonly #holders: ChildProcess[] = [];
  readonly #running = new Set<ChildProcess>();
  #user: number | undefined;

  private constructor() {}

  static async create(): Promise<Lab> {
    const why = available();
    if (why !== undefined) throw new Error(why);
    const lab = new Lab();
    if (!isRoot()) lab.#user = await lab.#hold(["unshare", "--user", "--map-root-user"], "");
    return lab;
  }

  /** A new empty namespace with its loopback up. `name` is for messages. */
  async namespace(name: string): Promise<Namespace> {
    const enterUser =
      this.#user === undefined
        ? []
        : ["nsenter", "--preserve-credentials", `--user=/proc/${this.#user}/ns/user`];
    const prepare = "mount -t sysfs sysfs /sys && ip link set lo up &&";
    const pid = await this.#hold([...enterUser, "unshare", "--net", "--mount"], prepare);
    return new Namespace(name, pid, enterUser, this.#running);
  }

  /** A switch: a namespace whose bridge `br0` joins whatever `Bridge.connect` plugs in. */
  async bridge(name: string): Promise<Bridge> {
    const namespace = await this.namespace(name);
    await namespace.run(["ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0"]);
    await namespace.run(["ip", "link", "set", "br0", "up"]);
    return new Bridge(this, namespace);
  }

  /** Lays a cable between two namespaces; both ends get their addresses and are up when this resolves. */
  async veth(a: CableEnd, b: CableEnd): Promise<void> {
    const mac = (end: CableEnd): string[] => (end.mac === undefined ? [] : ["address", end.mac]);
    const peer = ["peer", "name", b.interface, ...mac(b), "netns", `${b.namespace.pid}`];
    await a.namespace.run(["ip", "link", "add", a.interface, ...mac(a), "type", "veth", ...peer]);
    for (const end of [a, b]) {
      for (const address of end.addresses ?? []) {
        await end.namespace.run([
          "ip",
          "addr",
          "add",
          address,
          "dev",
          end.interface,
          ...(address.includes(":") ? ["nodad"] : []),
        ]);
      }
      await end.namespace.run(["ip", "link", "set", end.interface, "up"]);
    }
  }

  /** Kills what still runs in the namespaces, then ends them; resolves when all processes are gone. */
  async dispose(): Promise<void> {
    const running = [...this.#running];
    for (const child of running) child.kill("SIGKILL");
    await Promise.all(running.map(ended));
    for (const holder of this.#holders) holder.stdin?.end();
    await Promise.all(this.#holders.map(ended));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Starts a process that stays until its standard input ends, and waits until it has prepared itself. */
  async #hold(enter: readonly string[], prepare: string): Promise<number> {
    const [program = "", ...args] = [...enter, "sh", "-c", `${prepare} echo ready && exec cat`];
    const holder = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#holders.push(holder);
    let said = "";
    holder.stderr.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    const outcome = await Promise.race([once(holder.stdout, "data"), ended(holder).then(() => undefined)]);
    if (outcome === undefined || holder.pid === undefined) {
      throw new Error(
        `"${[program, ...args].join(" ")}" ended instead of holding a namespace: ${said.trim()}`,
      );
    }
    return holder.pid;
  }
}

/** A network namespace; made by `Lab.namespace`. */
export class Namespace {
  readonly name: string;
  /** The process that holds it: /proc/<pid>/ns/net, `ip link set … netns <pid>`. */
  readonly pid: number;
  readonly #enter: readonly string[];
  readonly #running: Set<ChildProcess>;

  constructor(name: string, pid: number, enterUser: readonly string[], running: Set<ChildProcess>) {
    this.name = name;
    this.pid = pid;
    const first = enterUser.length > 0 ? enterUser : ["nsenter"];
    this.#enter = [...first, `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`];
    this.#running = running;
  }

  /**
   * Starts a program in the namespace. The process is the program itself (`pid` and `kill` are its own) and dies with this one.
   * Options are those of child_process.spawn; `cwd` defaults to the current directory.
   */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const { cwd = process.cwd(), ...rest } = options;
    const [program = "", ...args] = [...this.#enter, `--wdns=${cwd}`, ...dyingWithParent, ...argv];
    const child = spawn(program, args, rest);
    this.#running.add(child);
    child.once("exit", () => this.#running.delete(child));
    return child;
  }

  /** Runs a command to its end; a failing command is a result, not an exception. `input` becomes its standard input. */
  async exec(argv: readonly string[], input = ""): Promise<CommandResult> {
    const child = this.spawn(argv, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    const [code, signal] = await once(child, "close");
    return { stdout, stderr, code: typeof code === "number" ? code : 128 + signalNumber(signal) };
  }

  /** Like `exec`, but a failing command throws with what it said; returns its standard output. */
  async run(argv: readonly string[]): Promise<string> {
    const { stdout, stderr, code } = await this.exec(argv);
    if (code === 0) return stdout;
    throw new Error(
      `"${argv.join(" ")}" in namespace ${this.name} ended with ${code}: ${stderr.trim() || stdout.trim()}`,
    );
  }
}

/** A switch; made by `Lab.bridge`. */
export class Bridge {
  /** The switch itself: for tcpdump on br0, and for pulling a plug with `ip link set <port> down`. */
  readonly namespace: Namespace;
  readonly #lab: Lab;
  #ports = 0;

  constructor(lab: Lab, namespace: Namespace) {
    this.#lab = lab;
    this.namespace = namespace;
  }

  /** Plugs an interface in; resolves to the name of the switch's port ("port1"), whose going down takes the carrier away. */
  async connect(end: CableEnd): Promise<string> {
    this.#ports += 1;
    const port = `port${this.#ports}`;
    await this.#lab.veth(end, { namespace: this.namespace, interface: port });
    await this.namespace.run(["ip", "link", "set", port, "master", "br0"]);
    return port;
  }
}

function ended(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    ? Promise.resolve()
    : once(child, "exit");
}

function signalNumber(signal: unknown): number {
  return typeof signal === "string" ? constants.signals[signal as NodeJS.Signals] : 0;
}
