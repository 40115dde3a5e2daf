// The end of a box: reboot(2), signal(7), umount(2). SIGTERM and SIGINT to PID 1 mean reboot (SIGINT is what
// the kernel makes of Ctrl-Alt-Del), SIGUSR1 halt and SIGUSR2 power off, as busybox init has it.
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

enum { LAST_REAP_MS = 2000, GIVE_UP_PAUSE_S = 10, DISK_MOUNTS_MAX = 32, DIRECTORY_SIZE = 256 };

static const struct ending endings[] = {
    {SIGTERM, RB_AUTOBOOT, "rebooting"},
    {SIGINT, RB_AUTOBOOT, "rebooting"},
    {SIGUSR1, RB_HALT_SYSTEM, "halting"},
    {SIGUSR2, RB_POWER_OFF, "powering off"},
};

const struct ending *ending_of(int signal) {
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
    if (endings[i].signal == signal)
      return &endings[i];
  return NULL;
}

static void kill_the_rest(void) {
  kill(-1, SIGKILL);
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  // A process stuck in a system call cannot be waited for: a limit keeps it from holding up the box.
  int64_t deadline = now_ms() + LAST_REAP_MS;
  for (;;) {
    pid_t pid = waitpid(-1, NULL, WNOHANG);
    if (pid < 0)
      return;
    if (pid == 0 && (now_ms() >= deadline || await_signal(&child_ended, deadline - now_ms()) == 0))
      return;
  }
}

static void unmount_disks(void) {
  static char directories[DISK_MOUNTS_MAX][DIRECTORY_SIZE];
  size_t count = 0;
  FILE *mounts = setmntent("/proc/self/mounts", "r");
  if (mounts == NULL)
    return;
  for (struct mntent *entry = getmntent(mounts); entry != NULL && count < DISK_MOUNTS_MAX;
       entry = getmntent(mounts)) {
    if (strncmp(entry->mnt_fsname, "/dev/", 5) != 0 || strcmp(entry->mnt_dir, "/") == 0)
      continue;
    if (strlen(entry->mnt_dir) < DIRECTORY_SIZE)
      strcpy(directories[count++], entry->mnt_dir);
  }
  endmntent(mounts);
  while (count > 0)
    umount2(directories[--count], 0);
}

_Noreturn static void ask_kernel(unsigned command) {
  reboot((int)command);
  say("the kernel did not go down; waiting for the watchdog");
  for (;;)
    pause();
}

_Noreturn void go_down(const struct ending *ending) {
  say("%s", ending->word);
  kill_the_rest();
  sync();
  unmount_disks();
  ask_kernel(ending->command);
}

_Noreturn void give_up(const char *format, ...) {
  char reason[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  say("%s; rebooting in %d s", reason, GIVE_UP_PAUSE_S);
  sync();
  nanosleep(&(struct timespec){.tv_sec = GIVE_UP_PAUSE_S}, NULL);
  ask_kernel(RB_AUTOBOOT);
}
