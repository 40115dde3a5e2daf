// Stands in for the npm package "node-gyp-build" when the firmware is bundled: its only user there is
// @serialport/bindings-cpp, which looks for its prebuild in a node_modules folder that the one binary does not have.

import { loadAddon } from "./load.ts";

/** The addon of @serialport/bindings-cpp; the folder that node-gyp-build would search is not needed. */
export default function loadSerialport(_folder: string): unknown {
  return loadAddon<unknown>("serialport");
}
