// Loads a native addon: in the one binary from the memory file that the launcher handed over, in a source tree
// from native/build. PULSEBOX_ADDONS holds "name=fd,name=fd" (native/launcher/exec.c); see also dlopen(3).
// The descriptors stay open for the life of the process: glibc recognises a loaded library by its path name, so a
// closed and reused /proc/self/fd/N would give back the wrong library.

import { constants } from "node:os";
import { isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import { type AddonName, addonFiles } from "./addons.ts";

const loaded = new Map<AddonName, unknown>();

/**
 * The exports of the addon `name`; the same object on every call.
 *
 * Throws an Error that names the addon and its file when it was not handed over, is missing, needs a library that is
 * not there, or was compiled for another Node (NODE_MODULE_VERSION); the cause is dlopen's own error.
 */
export function loadAddon<T>(name: AddonName): T {
  if (!loaded.has(name)) loaded.set(name, open(name, addonPath(name)));
  return loaded.get(name) as T;
}

function addonPath(name: AddonName): string {
  if (!isSea()) return fileURLToPath(new URL(`../${addonFiles[name]}`, import.meta.url));
  const handedOver = process.env.PULSEBOX_ADDONS ?? "";
  for (const pair of handedOver.split(",")) {
    const [key, fd] = pair.split("=");
    if (key === name && fd !== undefined && /^\d+$/.test(fd)) return `/proc/self/fd/${fd}`;
  }
  throw new Error(`addon ${name}: the launcher did not hand it over (PULSEBOX_ADDONS="${handedOver}")`);
}

function open(name: AddonName, path: string): unknown {
  const module = { exports: {} };
  try {
    process.dlopen(module, path, constants.dlopen.RTLD_LAZY);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const abi = /compiled against a different Node\.js version using\s+NODE_MODULE_VERSION (\d+)/.exec(
      reason,
    );
    const text = abi
      ? `it was compiled for NODE_MODULE_VERSION ${abi[1]}, this Node ${process.version} needs ${process.versions.modules}`
      : reason;
    throw new Error(`addon ${name}: cannot load ${path}: ${text}`, { cause });
  }
  return module.exports;
}
