// The process that remote.ts starts: loads the module named by its argument, calls what it is told to and reports.
// A module that has something to say between calls exports `connect(emit)`. The process ends when its channel closes.

import type { Call, Report } from "./remote.ts";

const report = (message: Report): void => {
  process.send?.(message);
};

const module = await import(process.argv[2] ?? "");
module.connect?.((event: unknown) => report({ event }));

process.on("message", async ({ id, name, args }: Call) => {
  try {
    report({ id, result: await module[name](...args) });
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    report({ id, error: { message, ...(code !== undefined && { code }) } });
  }
});
process.on("disconnect", () => process.exit(0));
report({ ready: true });
