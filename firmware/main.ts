// pulsebox, contents page: which command is which part. Everything is loaded only by the command that needs it, because a
// box at boot pays for every module with time.

import { readFileSync } from "node:fs";
import { installSourceMap } from "./adapters/source-map.ts";
import { type Commands, runCommandLine, type Streams } from "./console/cli.ts";

/** Put in by the builder; a source tree has its package.json instead. */
declare const PULSEBOX_VERSION: string;

const streams: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

const commands: Commands = {
  init: async () => (await import("./bring-up.ts")).runInit(version(), streams),
  ha: async (options) => (await import("./ha.ts")).runDaemon(options, version(), streams),
  service: async ({ sysv }) => {
    const { isSea } = await import("node:sea");
    const { initScript, systemdUnit } = await import("./console/service.ts");
    const program = isSea() ? process.execPath : "/usr/sbin/pulsebox";
    streams.out(sysv ? initScript(program) : systemdUnit(program));
    return 0;
  },
  worker: async () => (await import("./worker.ts")).runWorker(),
  check: async (files, { json }) => (await import("./console/check.ts")).check(files, json, streams),
  convert: async (directory, { address }) => {
    const { thisBox } = await import("./adapters/this-box.ts");
    return (await import("./console/convert.ts")).convertSetup(directory, address, thisBox(), streams);
  },
  schema: async () => (await import("./console/check.ts")).schema(streams),
  status: async ({ socket, json }) => (await import("./console/operate.ts")).status(socket, json, streams),
  why: async (options) => {
    const { storedDecisions } = await import("./state-area.ts");
    return (await import("./console/why.ts")).why(options, storedDecisions, streams);
  },
  takeover: async (scope, { socket }) =>
    (await import("./console/operate.ts")).move("takeover", scope, socket, streams),
  standby: async (scope, { socket }) =>
    (await import("./console/operate.ts")).move("standby", scope, socket, streams),
  cleanup: async ({ socket }) => (await import("./console/operate.ts")).cleanUp(socket, streams),
  reload: async ({ socket }) => (await import("./console/operate.ts")).reload(socket, streams),
  forget: async (node, { socket }) => (await import("./console/operate.ts")).forget(node, socket, streams),
  fenced: async (node, { socket }) =>
    (await import("./console/operate.ts")).confirmFenced(node, socket, streams),
  power: async (ending) => {
    const { isBox, nameOfFirstProcess } = await import("./adapters/box-process.ts");
    return (await import("./console/power.ts")).power(ending, {
      isOurs: isBox(),
      name: nameOfFirstProcess(),
    });
  },
};

function version(): string {
  if (typeof PULSEBOX_VERSION === "string") return PULSEBOX_VERSION;
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

installSourceMap();
runCommandLine(process.argv.slice(2), commands, version(), streams).then((code) => {
  process.exitCode = code;
});
