// Folders for intermediate files: each belongs to one process and is removed when the work ends, well or not. A build
// that was killed cannot do that, so the next one clears away what no living process owns.

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Runs `work` with an empty folder below `parent` and removes it afterwards. */
export async function inWorkFolder<Result>(
  parent: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(parent, { recursive: true });
  await clearAbandoned(parent);
  const folder = await mkdtemp(join(parent, `.pulsebox-work-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function clearAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^\.pulsebox-work-([0-9]+)-/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) {
      // In a shared folder it may be another user's; then it stays.
      await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

/** kill(2) with signal 0: EPERM means that it lives but is not ours. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
