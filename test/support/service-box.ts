// Real resource scripts for two directors on one machine: an init-style script that serves TCP, and plain ones. Each tells in
// one log what was done on which node, and what it does next can be changed from outside. Every director gets a /run and
// an /etc/init.d of its own, so that agents and scripts find their own files there.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Namespace } from "./netns.ts";
import { until } from "./until.ts";

/** Serves its node's name on a port, as a daemon with a file for its process number. */
const server = `use IO::Socket::INET;
my $socket = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 16, ReuseAddr => 1) or die "cannot listen: $!\\n";
while (my $client = $socket->accept) { print $client "$ENV{HA_CURHOST}\\n"; close $client; }`;

/** Its folder has the log, process numbers, and the orders: a file NODE.NAME.CALL is sourced before the call is answered. */
const script = (folder: string): string => `#!/bin/sh
name=$(basename "$0"); call=$(eval echo "\\\${$#}"); node=$HA_CURHOST
pid=${folder}/$node.$name.pid
running() { [ -s "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; }
if [ -e "${folder}/$node.$name.$call" ]; then . "${folder}/$node.$name.$call"; fi
case $call in
start)
  [ $# = 2 ] && port=$1 || port=0
  setsid perl ${folder}/server.pl "$port" </dev/null >/dev/null 2>&1 & echo $! > "$pid"
  running || exit 1
  echo "$node $name start" >> ${folder}/log ;;
stop)
  if running; then kill "$(cat "$pid")"; while running; do sleep 0.01; done; fi
  rm -f "$pid"
  echo "$node $name stop" >> ${folder}/log ;;
status)
  if running; then echo "$name is running"; else echo "$name is stopped"; exit 3; fi ;;
*) echo "Usage: $name start|stop|status"; exit 2 ;;
esac
`;

export class ServiceBox {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the scripts of these names and puts them into /etc/init.d of the namespaces. */
  static async install(namespaces: readonly Namespace[], names: readonly string[]): Promise<ServiceBox> {
    const folder = await mkdtemp(join(tmpdir(), "pulsebox-services-"));
    const scripts = join(folder, "init.d");
    await mkdir(scripts);
    await writeFile(join(folder, "server.pl"), server);
    await writeFile(join(folder, "log"), "");
    for (const name of names) await writeFile(join(scripts, name), script(folder), { mode: 0o755 });
    for (const namespace of namespaces) {
      await namespace.run(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
      await namespace.run(["mkdir", "/run/resource-agents"]);
      await namespace.run(["mount", "--bind", scripts, "/etc/init.d"]);
    }
    return new ServiceBox(folder);
  }

  /** What the script does first when it is called like this on that node, in sh; undefined: nothing again. */
  async order(node: string, name: string, call: string, commands: string | undefined): Promise<void> {
    const file = join(this.folder, `${node}.${name}.${call}`);
    if (commands === undefined) await rm(file, { force: true });
    else await writeFile(file, `${commands}\n`);
  }

  /** What was done so far: "director1 web start". */
  async log(): Promise<readonly string[]> {
    return (await readFile(join(this.folder, "log"), "utf8")).split("\n").filter(Boolean);
  }

  /** Waits until the log has exactly these lines after the first `since`. */
  async logged(lines: readonly string[], since = 0): Promise<void> {
    let seen: readonly string[] = [];
    const compare = async (): Promise<boolean> => {
      seen = (await this.log()).slice(since);
      return seen.join("\n") === lines.join("\n");
    };
    await until("the scripts were called as expected", compare).catch((error: unknown) => {
      throw new Error(`wanted: ${lines.join(", ")}\nwere:   ${seen.join(", ")}`, { cause: error });
    });
  }

  /** The service dies of itself. */
  async crash(node: string, name: string): Promise<void> {
    const pid = await this.#serverOf(`${node}.${name}.pid`);
    if (pid === undefined) throw new Error(`${name} does not run on ${node}`);
    process.kill(pid, "SIGKILL");
  }

  /** The number in the file means a process in the namespace of whoever wrote it: only if it is one of ours here, too. */
  async #serverOf(file: string): Promise<number | undefined> {
    const pid = Number(await readFile(join(this.folder, file), "utf8").catch(() => "0"));
    const command = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    return pid > 0 && command.includes(`${this.folder}/server.pl`) ? pid : undefined;
  }

  /** Ends what still runs, then removes everything. */
  async dispose(): Promise<void> {
    for (const file of await readdir(this.folder)) {
      const pid = file.endsWith(".pid") ? await this.#serverOf(file) : undefined;
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
