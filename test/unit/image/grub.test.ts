// What GRUB is told: golden, because every line of it is needed on a screen or a serial cable.

import { join } from "node:path";
import { expect, test } from "vitest";
import { earlyConfiguration, grubConfiguration, kernelArguments } from "../../../image/grub.ts";
import { boardNames, loadBoard } from "../../../image/hwdb/boards.ts";

const golden = (name: string) => join(import.meta.dirname, "..", "..", "golden", "image", name);

test("grub.cfg speaks on VGA and on the board's serial port, and loads kernel and initramfs", async () => {
  const board = loadBoard("generic-x86_64");
  await expect(grubConfiguration("0.1.0", board, 43_000_000)).toMatchFileSnapshot(golden("grub.cfg"));
});

test("the early configuration finds the medium by its identity", async () => {
  await expect(earlyConfiguration("0123456789abcdef")).toMatchFileSnapshot(golden("early.cfg"));
});

test("a serial console on another port at another speed reaches GRUB and kernel", () => {
  const board = loadBoard("generic-x86_64");
  const other = { ...board, console: { ...board.console, device: "ttyS1", baud: 9600 as const } };
  expect(grubConfiguration("0.1.0", other, 1)).toContain("serial --unit=1 --speed=9600");
  expect(kernelArguments(other)).toContain("console=ttyS1,9600");
});

test.each(boardNames())("the kernel arguments of %s end with the board's own", (name) => {
  const board = loadBoard(name);
  const own = board.kernel_arguments.map(({ argument }) => argument).join(" ");
  expect(kernelArguments(board).join(" ").endsWith(own)).toBe(true);
});
