// The one list of native addons: what is built, what is packed into the binary and what may be loaded.
// Paths are relative to the root of the source tree; the names are those handed over in PULSEBOX_ADDONS.
// "serialport" is not ours: it is the N-API prebuild that the serialport package ships for glibc on x86-64.

export const addonFiles = {
  arp: "native/build/arp.node",
  child: "native/build/child.node",
  icmp: "native/build/icmp.node",
  ipalias: "native/build/ipalias.node",
  process: "native/build/process.node",
  serial: "native/build/serial.node",
  serialport: "node_modules/@serialport/bindings-cpp/prebuilds/linux-x64/@serialport+bindings-cpp.glibc.node",
  udp: "native/build/udp.node",
  watchdog: "native/build/watchdog.node",
} as const;

export type AddonName = keyof typeof addonFiles;

/** Names of all addons, sorted. */
export const addonNames = Object.keys(addonFiles).sort() as readonly AddonName[];

/** Names of the addons compiled from native/<name>/binding.gyp, sorted. */
export const builtAddonNames = addonNames.filter((name) => addonFiles[name].startsWith("native/build/"));
