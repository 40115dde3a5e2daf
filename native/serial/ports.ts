// Finds the serial ports of this box in sysfs (Documentation/ABI/testing/sysfs-tty): SerialPort.list() asks udevadm, which a
// box does not have. The 8250 driver registers ports that are not there as well; their `type` is 0 (PORT_UNKNOWN in
// <linux/serial_core.h>).

import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface SerialPortEntry {
  /** "/dev/ttyS0" */
  readonly path: string;
  readonly kind: "uart" | "usb";
  /** The kernel's name of the hardware's driver, "serial8250" (ISA), "serial" (PNP or PCI), "ftdi_sio"; absent if none is named. */
  readonly driver?: string;
  /** For USB: idVendor, idProduct and the serial number if the device has one. */
  readonly usb?: { readonly vendor: string; readonly product: string; readonly serialNumber?: string };
}

/** All UARTs that exist and all USB serial adapters, in the order of their names: ttyS2 before ttyS10. */
export function listSerialPorts(classFolder = "/sys/class/tty"): SerialPortEntry[] {
  const entries: SerialPortEntry[] = [];
  for (const name of readdirSync(classFolder)) {
    const entry = describe(name, join(classFolder, name));
    if (entry !== undefined) entries.push(entry);
  }
  return entries.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

function describe(name: string, folder: string): SerialPortEntry | undefined {
  const port = target(join(folder, "device"));
  if (port === undefined) return undefined;
  const device = hardware(port);
  const driverFolder = target(join(device, "driver"));
  const driver = driverFolder === undefined ? {} : { driver: basename(driverFolder) };
  const path = `/dev/${name}`;
  const usb = usbOf(device);
  if (usb !== undefined) return { path, kind: "usb", ...driver, usb };
  const type = attribute(folder, "type");
  if (type === undefined || type === "0") return undefined;
  return { path, kind: "uart", ...driver };
}

/** Since Linux 6.5 two devices of the serial core's own bus stand between a UART's tty and its hardware. */
function hardware(port: string): string {
  const bus = target(join(port, "subsystem"));
  return bus !== undefined && basename(bus) === "serial-base" ? hardware(dirname(port)) : port;
}

/** The USB device above `device`: the nearest folder that has USB's identifiers. */
function usbOf(device: string): SerialPortEntry["usb"] {
  for (let folder = device; folder !== dirname(folder); folder = dirname(folder)) {
    const vendor = attribute(folder, "idVendor");
    const product = attribute(folder, "idProduct");
    if (vendor !== undefined && product !== undefined) {
      const serialNumber = attribute(folder, "serial");
      return { vendor, product, ...(serialNumber === undefined ? {} : { serialNumber }) };
    }
  }
  return undefined;
}

/** The trimmed content; undefined if there is no such attribute, or if the device went away meanwhile. */
function attribute(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8").trim();
  } catch {
    return undefined;
  }
}

function target(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}
