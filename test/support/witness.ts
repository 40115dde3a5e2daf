// A witness inside a guest: a static busybox and a script that run beside the untouched image, for what cannot be done
// or seen from outside (stopping a process, reading its memory). It is a small cpio put in front of the image's own
// initramfs; its script starts in the background and then becomes the image's /init, which is PID 1 as always.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Kernel argument that starts the witness before /init. */
export const witnessArgument = "rdinit=/witness/start";

/** Shell functions for scripts: `say WORDS` to the console, `ha_pid` of the deciding process, `wait_for COMMAND`. */
const vocabulary = `
B=/witness/busybox
say() { echo "witness: $*" > /dev/console; }
ha_pid() {
  for p in /proc/[0-9]*; do
    case "$($B tr '\\0' ' ' < $p/cmdline 2>/dev/null)" in
      *" ha --config "*) echo \${p#/proc/}; return 0 ;;
    esac
  done
  return 1
}
wait_for() { until "$@" > /dev/null 2>&1; do $B usleep 200000; done; }
`;

/** Writes `to`: the witness with `script` in front of the initramfs `initrd`. */
export function withWitness(initrd: string, script: string, to: string): string {
  const tree = `${to}.tree`;
  const home = join(tree, "witness");
  mkdirSync(home, { recursive: true });
  copyFileSync("/bin/busybox", join(home, "busybox"));
  writeFileSync(join(home, "watch"), `${vocabulary}\n${script}\n`);
  writeFileSync(
    join(home, "start"),
    "#!/witness/busybox sh\n(until [ -e /proc/self/stat ]; do /witness/busybox usleep 100000; done; . /witness/watch) &\nexec /init\n",
  );
  chmodSync(join(home, "start"), 0o755);
  const packed = spawnSync("sh", ["-c", "find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0"], {
    cwd: tree,
    maxBuffer: 1 << 26,
  });
  rmSync(tree, { recursive: true });
  if (packed.status !== 0) throw new Error(`cpio: ${packed.stderr}`);
  const padding = Buffer.alloc((512 - (packed.stdout.length % 512)) % 512);
  writeFileSync(to, Buffer.concat([packed.stdout, padding, readFileSync(initrd)]));
  return to;
}
