// The program that the tests of the one binary pack in place of the firmware: each command shows one thing that the
// firmware relies on, as one line of JSON.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { getAsset } from "node:sea";
import { installSourceMap } from "../../firmware/adapters/source-map.ts";
import type { AddonName } from "../../native/addons.ts";
import { loadAddon } from "../../native/load.ts";
import text from "./binary-sample.yaml";

installSourceMap();

declare const PULSEBOX_VERSION: string;

const commands: Record<string, (argument: string) => unknown> = {
  start: () => ({
    version: PULSEBOX_VERSION,
    node: process.version,
    execPath: process.execPath,
    url: import.meta.url,
    arguments: process.argv.slice(2),
    environment: Object.keys(process.env),
    preload: process.env.LD_PRELOAD ?? null,
    sample: text,
  }),
  child: () => process.send?.({ pid: process.pid, addons: process.env.PULSEBOX_ADDONS }),
  spawn: spawnSelf,
  addon: (name) => Object.keys(loadAddon<object>(name as AddonName)).sort(),
  serialport: async () => {
    const { SerialPort } = await import("serialport");
    return new Promise((resolve) => {
      new SerialPort({ path: "/nonexistent", baudRate: 19200 }, (error) => resolve(error?.message));
    });
  },
  stack: () => {
    try {
      throwDeep();
    } catch (error) {
      return error instanceof Error ? error.stack : undefined;
    }
  },
  licences: () => getAsset("THIRD-PARTY-LICENCES.txt", "utf8").length,
  require: () => typeof createRequire(import.meta.url),
};

function throwDeep(): never {
  throw new RangeError("thrown in the test entry");
}

function spawnSelf(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["child"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the child ended with ${code}`)));
    child.on("message", (message) =>
      resolve({ message, addons: process.env.PULSEBOX_ADDONS, pid: child.pid }),
    );
  });
}

const [name = "start", argument = ""] = process.argv.slice(2);
const run = commands[name];
if (run === undefined) throw new Error(`unknown command ${name}`);
Promise.resolve(run(argument)).then((value) => {
  if (name !== "child") console.log(JSON.stringify(value));
});
