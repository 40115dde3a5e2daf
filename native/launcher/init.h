// The launcher as PID 1 of a box: brings up what the kernel leaves to user space, then supervises.
#ifndef PULSEBOX_INIT_H
#define PULSEBOX_INIT_H

#include <signal.h>
#include <stdint.h>

/** How a box goes down; the values are the commands of reboot(2). */
struct ending {
  int signal;       // the signal to PID 1 that asks for it
  unsigned command; // for reboot(2)
  const char *word; // "rebooting", "halting", "powering off"
};

/** Never returns: runs the box until it goes down. `envp` is handed on to what PID 1 starts. */
_Noreturn void run_as_init(char **envp);

/** Mounts the kernel's file systems where nothing is mounted yet and opens the console as standard streams.
 */
void set_up_kernel_file_systems(void);

/** Starts the tasks of a box and keeps them running; returns how the box shall go down, with nothing of ours
 * left. */
const struct ending *supervise(char **envp);

/** Kills what is left, flushes and unmounts disks, and asks the kernel for the ending. */
_Noreturn void go_down(const struct ending *ending);

/** Says why PID 1 cannot go on and reboots after 10 s, time enough to read it on the console. */
__attribute__((format(printf, 1, 2), noreturn)) void give_up(const char *format, ...);

/** Waits until a signal of `set` comes or `timeout_ms` have passed (negative: no limit); 0 when time ran out.
 */
int await_signal(const sigset_t *set, int64_t timeout_ms);

/** Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/** The ending that `signal` asks PID 1 for, or NULL. */
const struct ending *ending_of(int signal);

#endif
