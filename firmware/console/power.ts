// `pulsebox reboot`, `halt` and `poweroff`: signals to PID 1 of the box, which stops the daemon in order first.
// The signals are those of native/launcher; on a machine whose PID 1 is something else they would mean something else.

const signals = { reboot: "SIGTERM", halt: "SIGUSR1", poweroff: "SIGUSR2" } as const;

export interface FirstProcess {
  /** PID 1 is pulsebox. */
  readonly isOurs: boolean;
  /** What it calls itself, "systemd". */
  readonly name: string;
}

export async function power(ending: keyof typeof signals, first: FirstProcess): Promise<number> {
  if (!first.isOurs) {
    throw new Error(
      `${ending} is for a box of ours; PID 1 of this machine is ${first.name}: use its own command`,
    );
  }
  process.kill(1, signals[ending]);
  return 0;
}
