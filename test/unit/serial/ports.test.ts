// The list of serial ports from a sysfs tree as kernels of different ages lay it out (Documentation/ABI/testing/sysfs-tty).

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listSerialPorts } from "../../../native/serial/ports.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sysfs-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  mkdirSync(join(root, target), { recursive: true });
  symlinkSync(join(root, target), join(root, path));
}

/** A UART as Linux 6.1 shows it: the tty stands directly below the hardware. */
function uart(name: string, type: number, driver = "serial8250"): void {
  write(`class/tty/${name}/type`, `${type}\n`);
  link(`class/tty/${name}/device`, `devices/platform/${name}`);
  link(`devices/platform/${name}/driver`, `bus/platform/drivers/${driver}`);
  link(`devices/platform/${name}/subsystem`, "bus/platform");
}

function usb(name: string, driver: string, serialNumber?: string): void {
  const device = `devices/pci0/usb1/1-${name}`;
  write(`${device}/idVendor`, "0403\n");
  write(`${device}/idProduct`, "6001\n");
  if (serialNumber !== undefined) write(`${device}/serial`, `${serialNumber}\n`);
  link(`class/tty/${name}/device`, `${device}/1-${name}:1.0/${name}`);
  link(`${device}/1-${name}:1.0/${name}/driver`, `bus/usb-serial/drivers/${driver}`);
}

const listed = () => listSerialPorts(join(root, "class/tty"));

test("UARTs that are there are listed, those that only the driver reserved are not", () => {
  uart("ttyS0", 4);
  uart("ttyS1", 0);
  uart("ttyS10", 4);
  uart("ttyS2", 4);
  const driver = "serial8250";
  expect(listed()).toEqual([
    { path: "/dev/ttyS0", kind: "uart", driver },
    { path: "/dev/ttyS2", kind: "uart", driver },
    { path: "/dev/ttyS10", kind: "uart", driver },
  ]);
});

test("consoles and pseudo-terminals, behind which there is no device, are not listed", () => {
  mkdirSync(join(root, "class/tty/tty0"), { recursive: true });
  mkdirSync(join(root, "class/tty/ptmx"));
  expect(listed()).toEqual([]);
});

test("the hardware's driver is found above the serial core's own devices, which are there since Linux 6.5", () => {
  write("class/tty/ttyS0/type", "4\n");
  link("class/tty/ttyS0/device", "devices/pnp0/00:00/00:00:0/00:00:0.0");
  for (const core of ["00:00:0", "00:00:0/00:00:0.0"]) {
    link(`devices/pnp0/00:00/${core}/subsystem`, "bus/serial-base");
    link(`devices/pnp0/00:00/${core}/driver`, `bus/serial-base/drivers/${core.length > 8 ? "port" : "ctrl"}`);
  }
  link("devices/pnp0/00:00/subsystem", "bus/pnp");
  link("devices/pnp0/00:00/driver", "bus/pnp/drivers/serial");
  expect(listed()).toEqual([{ path: "/dev/ttyS0", kind: "uart", driver: "serial" }]);
});

test("USB adapters are listed with what identifies them, with or without a serial number", () => {
  usb("ttyUSB0", "ftdi_sio", "FT123");
  usb("ttyACM0", "cdc_acm");
  const ids = { vendor: "0403", product: "6001" };
  expect(listed()).toEqual([
    { path: "/dev/ttyACM0", kind: "usb", driver: "cdc_acm", usb: ids },
    { path: "/dev/ttyUSB0", kind: "usb", driver: "ftdi_sio", usb: { ...ids, serialNumber: "FT123" } },
  ]);
});

test("a device that other hardware has behind its tty is not listed", () => {
  link("class/tty/hvc0/device", "devices/virtio0");
  expect(listed()).toEqual([]);
});
