// How long a box needs: kernel start to /init and to the answering virtual address, beside a bare busybox init on the
// same kernel in the same run; and what memory its processes take. In QEMU, kernel and initramfs of the real image.

import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flashedCopy, kernelAndInitrd, scratch } from "../test/support/built-image.ts";
import { ClientPing } from "../test/support/client-ping.ts";
import { type BootFrom, Guest } from "../test/support/guest.ts";
import { GuestNetwork } from "../test/support/guest-network.ts";
import { withWitness, witnessArgument } from "../test/support/witness.ts";

export interface BootTimes {
  /** Milliseconds from the kernel's first line. */
  readonly toInit: number;
  readonly toAddress?: number;
}

export interface BootFigures {
  readonly pulsebox: readonly BootTimes[];
  readonly busybox: readonly BootTimes[];
  /** "pulsebox ha …" and its PSS in KiB, as the guest's kernel counts it. */
  readonly memory: readonly { readonly process: string; readonly pss: number }[];
}

const patience = 300_000;
const append = "console=ttyS0,115200 panic=10 no_timer_check";
const address = "192.168.141.150";

/** Prints the PSS of every process once the address is there. */
const memoryScript = `
wait_for $B grep -q ${address} /proc/net/fib_trie
$B sleep 10
for p in /proc/[0-9]*; do
  pss=$($B awk '/^Pss:/{print $2}' $p/smaps_rollup 2>/dev/null)
  [ -n "$pss" ] && say "pss $pss $($B tr '\\0' ' ' < $p/cmdline)"
done
say measured
`;

function bareInitrd(directory: string): string {
  const tree = join(directory, "bare");
  mkdirSync(join(tree, "dev"), { recursive: true });
  copyFileSync("/bin/busybox", join(tree, "busybox"));
  writeFileSync(
    join(tree, "init"),
    "#!/busybox sh\n/busybox mkdir -p /proc\necho bare init is up\n/busybox sleep 1000\n",
  );
  chmodSync(join(tree, "init"), 0o755);
  const pack = "{ find . ; } | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0";
  const packed = spawnSync("sh", ["-c", `mknod dev/console c 5 1; ${pack}`], {
    cwd: tree,
    maxBuffer: 1 << 26,
  });
  const path = join(directory, "bare.img");
  writeFileSync(path, packed.stdout);
  return path;
}

export async function measureBoot(iso: string, runs: number): Promise<BootFigures> {
  const directory = scratch();
  const network = await GuestNetwork.create("192.168.141.1/24");
  const plugs = [
    await network.plug("lan", "52:54:00:7a:00:01"),
    await network.plug("cross", "52:54:00:7a:01:01"),
  ];
  const cluster = join(directory.path, "cluster.yaml");
  writeFileSync(cluster, quick(readFileSync("test/vm/files/alone.yaml", "utf8")));
  const flashed = flashedCopy(iso, cluster, join(directory.path, "bench.iso"));
  const { kernel, initrd } = kernelAndInitrd(iso, directory.path);
  const bare = bareInitrd(directory.path);
  const witness = withWitness(initrd, memoryScript, join(directory.path, "witness.img"));
  const cd = ["-drive", `file=${flashed},format=raw,if=ide,media=cdrom,readonly=on`];

  async function boot(
    image: string,
    argument: string,
    until: (guest: Guest) => Promise<number | undefined>,
  ): Promise<BootTimes> {
    const from: BootFrom = { from: "kernel", kernel, initrd: image, append: `${append} ${argument}`.trim() };
    const guest = Guest.start(network.rack, {
      name: "bench",
      firmware: "bios",
      boot: from,
      plugs,
      watchdog: "i6300esb",
      more: cd,
    });
    try {
      const start = (await guest.waitFor(/Linux version/, patience)).at;
      const init = (await guest.waitFor(/Run \S+ as init process/, patience)).at;
      const up = await until(guest);
      return { toInit: init - start, ...(up === undefined ? {} : { toAddress: up - start }) };
    } finally {
      await guest.powerCut();
    }
  }

  async function addressUp(guest: Guest): Promise<number> {
    const poweredOn = performance.now() - (guest.lines.at(-1)?.at ?? 0);
    const ping = new ClientPing(network.client, address, 50);
    const answer = await ping.answered(0, patience).finally(() => ping.stop());
    return answer - poweredOn;
  }

  try {
    const pulsebox: BootTimes[] = [];
    const busybox: BootTimes[] = [];
    for (let run = 0; run < runs; run += 1) {
      busybox.push(
        await boot(bare, "", async (guest) => void (await guest.waitFor(/bare init is up/, patience))),
      );
      pulsebox.push(await boot(initrd, "", addressUp));
    }
    const memory: { process: string; pss: number }[] = [];
    await boot(witness, witnessArgument, async (guest) => {
      await guest.waitFor(/witness: measured/, patience);
      for (const { text } of guest.lines) {
        const [, pss, process] = /witness: pss (\d+) (.*)$/.exec(text) ?? [];
        if (process !== undefined && !process.includes("/witness/"))
          memory.push({ process: process.trim(), pss: Number(pss) });
      }
      return undefined;
    });
    if (memory.length === 0) throw new Error("the guest's witness measured no process");
    return { pulsebox, busybox, memory };
  } finally {
    await network.dispose();
    directory.dispose();
  }
}

/** The waiting for a peer that never comes is not what is measured. */
function quick(cluster: string): string {
  return cluster
    .replace(/keepalive: .*/, "keepalive: 200ms")
    .replace(/warntime: .*/, "warntime: 500ms")
    .replace(/deadtime: .*/, "deadtime: 1s")
    .replace(/initdead: .*/, "initdead: 2s");
}
