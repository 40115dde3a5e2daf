// The command line: names, options and words of every command. What a command does is handed in, so that this file decides
// nothing and loads nothing. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

import { Argument, Command, CommanderError, Help, InvalidArgumentError } from "commander";
import type { Place } from "../core/convert/places.ts";
import type { ResourceScope } from "../core/event.ts";
import { defaultSocket } from "./operator-client.ts";

export interface HaOptions {
  readonly config: string;
  readonly node?: string;
  readonly state?: string;
  readonly socket: string;
  readonly realtime: boolean;
  readonly debug: boolean;
}

export interface SocketOptions {
  readonly socket: string;
}

export interface WhyOptions extends SocketOptions {
  /** At most so many decisions. */
  readonly last: number;
  readonly json: boolean;
  /** Read from there without asking the daemon. */
  readonly state?: string;
}

/** Each returns the exit code. A thrown Error is printed by its message and ends with 1. */
export interface Commands {
  init(): Promise<number>;
  ha(options: HaOptions): Promise<number>;
  worker(): Promise<number>;
  service(options: { readonly sysv: boolean }): Promise<number>;
  check(files: readonly string[], options: { readonly json: boolean }): Promise<number>;
  schema(): Promise<number>;
  convert(directory: string, options: { readonly address: readonly Place[] }): Promise<number>;
  status(options: SocketOptions & { readonly json: boolean }): Promise<number>;
  why(options: WhyOptions): Promise<number>;
  takeover(scope: ResourceScope, options: SocketOptions): Promise<number>;
  standby(scope: ResourceScope, options: SocketOptions): Promise<number>;
  cleanup(options: SocketOptions): Promise<number>;
  reload(options: SocketOptions): Promise<number>;
  forget(node: string, options: SocketOptions): Promise<number>;
  fenced(node: string, options: SocketOptions): Promise<number>;
  power(ending: "reboot" | "halt" | "poweroff"): Promise<number>;
}

/** Where text goes; the process's own streams outside of tests. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

/** Where the daemon of an ordinary Linux box looks for its cluster file. */
export const defaultConfig = "/etc/pulsebox/cluster.yaml";

const scopes = ["all", "local", "foreign"] as const satisfies readonly ResourceScope[];

/** Runs the command in `args` (without the program's own name) and resolves with the exit code; never rejects. */
export async function runCommandLine(
  args: readonly string[],
  commands: Commands,
  version: string,
  streams: Streams,
): Promise<number> {
  let code = 0;
  const program = describeCommands(commands, version, streams, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    streams.err(`pulsebox: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function describeCommands(
  commands: Commands,
  version: string,
  streams: Streams,
  finish: (code: number) => void,
): Command {
  const program = new Command("pulsebox")
    .description("High-availability director: heartbeat, failover of addresses, cluster file")
    .version(`pulsebox ${version}`, "-V, --version", "print the version")
    .configureOutput({ writeOut: streams.out, writeErr: streams.err })
    .configureHelp({
      // That what is not asked for is not done goes without saying.
      optionDescription: (option) =>
        option.defaultValue === false || Array.isArray(option.defaultValue)
          ? option.description
          : Help.prototype.optionDescription(option),
    })
    .addHelpText("after", "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.")
    .showHelpAfterError("(pulsebox --help lists commands and options)")
    .exitOverride();
  const add = (name: string, description: string): Command =>
    program.command(name).description(description).allowExcessArguments(false);
  add("init", "bring up a box booted from the image (run by PID 1)").action(async () =>
    finish(await commands.init()),
  );
  program.command("worker", { hidden: true }).action(async () => finish(await commands.worker()));
  describeDaemon(add, commands, finish);
  describeFiles(add, commands, finish);
  describeOperator(add, commands, finish);
  add("version", "print the version").action(() => streams.out(`pulsebox ${version}\n`));
  return program;
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number from 1 to 9999.");
}

function placeOf(text: string, before: readonly Place[]): readonly Place[] {
  const [, node = "", name = "", address = ""] = /^([^:=]+):([^:=]+)=([^=]+)$/.exec(text) ?? [];
  if (address === "") throw new InvalidArgumentError("It must be like director2:eth0=10.0.0.2/24.");
  return [...before, { node: node.toLowerCase(), interface: name, address }];
}

type Add = (name: string, description: string) => Command;
type Finish = (code: number) => void;

function describeDaemon(add: Add, commands: Commands, finish: Finish): void {
  add("ha", "run the heartbeat daemon of this node")
    .option("-c, --config <file>", "cluster file", defaultConfig)
    .option("-n, --node <name>", "this node's name in it (default: found by MAC, address, serial, host name)")
    .option("--state <directory>", "where generation, uuid and the like are kept")
    .option("--socket <path>", "operator socket", defaultSocket)
    .option("--no-realtime", "neither real-time priority nor locked memory")
    .option("--debug", "log debug lines too", false)
    .action(async (options: HaOptions) => finish(await commands.ha(options)));
  add("service", "print a systemd unit for the daemon, to be put in /etc/systemd/system/pulsebox.service")
    .option("--sysv", "print an init script instead", false)
    .action(async (options: { sysv: boolean }) => finish(await commands.service(options)));
}

function describeFiles(add: Add, commands: Commands, finish: Finish): void {
  add("check", "check cluster files and print every problem")
    .argument("<files...>", "cluster files")
    .option("--json", "print the diagnostics as JSON", false)
    .action(async (files: string[], options: { json: boolean }) =>
      finish(await commands.check(files, options)),
    );
  add("schema", "print the JSON Schema of the cluster file").action(async () =>
    finish(await commands.schema()),
  );
  add("convert", "print ha.cf, authkeys and haresources of heartbeat as a cluster file")
    .argument("[directory]", "where they are", "/etc/ha.d")
    .option("--address <node:interface=address/prefix>", "of the other node; several times", placeOf, [])
    .action(async (directory: string, options: { address: Place[] }) =>
      finish(await commands.convert(directory, options)),
    );
}

function describeOperator(add: Add, commands: Commands, finish: Finish): void {
  const socketOption = ["--socket <path>", "operator socket", defaultSocket] as const;
  const scope = (): Argument => new Argument("[scope]", "which groups").choices(scopes).default("all");
  add("status", "show nodes, links and who owns what")
    .option("--json", "print the snapshot as JSON", false)
    .option(...socketOption)
    .action(async (options: SocketOptions & { json: boolean }) => finish(await commands.status(options)));
  add("why", "show the last decisions of this node and what they rest on, newest last")
    .option("--last <number>", "how many", countOf, 20)
    .option("--json", "print the decisions as JSON", false)
    .option("--state <directory>", "read from there, whether or not the daemon runs")
    .option(...socketOption)
    .action(async (options: WhyOptions) => finish(await commands.why(options)));
  add("takeover", "take resource groups over from the other node")
    .addArgument(scope())
    .option(...socketOption)
    .action(async (which: ResourceScope, options: SocketOptions) =>
      finish(await commands.takeover(which, options)),
    );
  add("standby", "hand resource groups over to the other node")
    .addArgument(scope())
    .option(...socketOption)
    .action(async (which: ResourceScope, options: SocketOptions) =>
      finish(await commands.standby(which, options)),
    );
  add("cleanup", "forget the failures of resources here and look again at what could not be stopped")
    .option(...socketOption)
    .action(async (options: SocketOptions) => finish(await commands.cleanup(options)));
  add("reload", "take new authentication keys from the cluster file")
    .option(...socketOption)
    .action(async (options: SocketOptions) => finish(await commands.reload(options)));
  add("forget", "let a node in again that lost its state and speaks under an earlier generation")
    .argument("<node>", "its name")
    .option(...socketOption)
    .action(async (node: string, options: SocketOptions) => finish(await commands.forget(node, options)));
  add("fenced", "say that you have switched a dead node off, so that its groups are taken over")
    .argument("<node>", "the node that is off")
    .option(...socketOption)
    .action(async (node: string, options: SocketOptions) => finish(await commands.fenced(node, options)));
  for (const ending of ["reboot", "halt", "poweroff"] as const) {
    add(ending, `${ending} this box, after an orderly hand-over`).action(async () =>
      finish(await commands.power(ending)),
    );
  }
}
