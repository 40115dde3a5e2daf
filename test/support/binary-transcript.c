// Runs the launcher's PID 1 as an ordinary process. Everything it asks of the kernel that would change the
// system is written down instead of done: the linker hands those calls over (ld(1), --wrap), in the objects
// of the real launcher. The world answers from a script on standard input; time passes only as the script
// says, so nothing ever waits.
//
//   mounted DIR        DIR is a mount point from the start
//   cannot mount DIR   mounting there fails with ENODEV
//   no streams         standard input, output and error are not open at start
//   cannot fork        the next fork fails with EAGAIN
//   PID exits CODE     a child (numbered from 2 in order) or an orphan ends
//   PID dies SIGNAL    the same, by a signal given as a number
//   signal SIGNAL      PID 1 gets a signal given as a number
//   MS ms pass         time passes, at most until PID 1's next deadline
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONSOLE_FD = 7, FIRST_PID = 2, LINE_SIZE = 256, PATHS_MAX = 16 };

struct paths {
  char names[PATHS_MAX][64];
  size_t count;
};

static struct paths mounted, unmountable;
static bool streams_closed, fork_fails, in_child;
static int next_pid = FIRST_PID, running, ended_pid, ended_status;
static int64_t clock_ms = 1000;

pid_t __real_fork(void);
pid_t __real_waitpid(pid_t, int *, int);

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
  char line[LINE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  dprintf(STDOUT_FILENO, "%s%s\n", in_child ? "      " : "  ", line);
}

static void add(struct paths *paths, const char *name) {
  snprintf(paths->names[paths->count++ % PATHS_MAX], sizeof paths->names[0], "%s", name);
}

static bool has(const struct paths *paths, const char *name) {
  for (size_t i = 0; i < paths->count; i++)
    if (strcmp(paths->names[i], name) == 0)
      return true;
  return false;
}

static void end_script(const char *why) {
  dprintf(STDOUT_FILENO, "%s\n", why);
  exit(0);
}

/** Reads the script up to the next event; the lines before it describe the world. False at its end. */
static bool next_event(char line[LINE_SIZE]) {
  while (fgets(line, LINE_SIZE, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    dprintf(STDOUT_FILENO, "> %s\n", line);
    if (strncmp(line, "mounted ", 8) == 0)
      add(&mounted, line + 8);
    else if (strncmp(line, "cannot mount ", 13) == 0)
      add(&unmountable, line + 13);
    else if (strcmp(line, "no streams") == 0)
      streams_closed = true;
    else if (strcmp(line, "cannot fork") == 0)
      fork_fails = true;
    else if (strcmp(line, "start") == 0 || line[0] != '\0')
      return true;
  }
  return false;
}

static const char *signal_word(int signal) {
  static char word[32];
  switch (signal) {
  case SIGKILL:
    return "SIGKILL";
  case SIGTERM:
    return "SIGTERM";
  }
  snprintf(word, sizeof word, "signal %d", signal);
  return word;
}

pid_t __wrap_getpid(void) {
  char line[LINE_SIZE];
  if (!next_event(line) || strcmp(line, "start") != 0)
    end_script("the script has no start");
  return 1;
}

int __wrap_mkdir(const char *path, mode_t mode) {
  note("mkdir %s %04o", path, mode);
  return 0;
}

int __wrap_stat(const char *path, struct stat *status) {
  memset(status, 0, sizeof *status);
  for (size_t i = 0; i < mounted.count; i++)
    if (strcmp(mounted.names[i], path) == 0)
      status->st_dev = i + 1;
  return 0;
}

int __wrap_mount(const char *source, const char *target, const char *type, unsigned long flags,
                 const void *data) {
  (void)source;
  note("mount %s on %s flags %#lx%s%s", type, target, flags, data == NULL ? "" : " ",
       data == NULL ? "" : (const char *)data);
  if (has(&unmountable, target)) {
    errno = ENODEV;
    return -1;
  }
  add(&mounted, target);
  return 0;
}

int __wrap_umount2(const char *target, int flags) {
  note("umount %s %d", target, flags);
  return 0;
}

FILE *__wrap_setmntent(const char *path, const char *mode) {
  static char table[] =
      "/dev/vda /disk ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/vdb1 /disk/config vfat rw 0 0\n";
  (void)path;
  return fmemopen(table, sizeof table - 1, mode);
}

int __wrap_fcntl(int fd, int command, ...) {
  (void)fd;
  return command == F_GETFD && streams_closed ? -1 : 0;
}

int __wrap_open(const char *path, int flags, ...) {
  note("open %s %#x", path, flags);
  return CONSOLE_FD;
}

int __wrap_dup2(int from, int to) {
  note("dup2 %d %d", from, to);
  return to;
}

pid_t __wrap_fork(void) {
  if (fork_fails) {
    fork_fails = false;
    note("fork fails");
    errno = EAGAIN;
    return -1;
  }
  note("fork: process %d", next_pid);
  pid_t child = __real_fork();
  if (child == 0) {
    in_child = true;
    return 0;
  }
  __real_waitpid(child, NULL, 0);
  running++;
  return next_pid++;
}

pid_t __wrap_setsid(void) {
  note("setsid");
  return 1;
}

int __wrap_execve(const char *path, char *const *arguments, char *const *environment) {
  char line[LINE_SIZE] = "";
  for (; *arguments != NULL; arguments++)
    snprintf(line + strlen(line), sizeof line - strlen(line), " %s", *arguments);
  bool has_path = false;
  for (; *environment != NULL; environment++)
    has_path = has_path || strncmp(*environment, "PATH=", 5) == 0;
  note("execve %s:%s%s", path, line, has_path ? "" : " (without PATH)");
  _exit(0);
}

uint64_t __wrap_payload_verify_self(void) {
  note("compare the file with its checksums");
  return 1;
}

int __wrap_kill(pid_t pid, int signal) {
  note("kill %d %s", pid, signal_word(signal));
  if (pid == -1)
    running = 0;
  return 0;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options) {
  (void)pid, (void)options;
  if (ended_pid != 0) {
    pid_t ended = ended_pid;
    ended_pid = 0;
    if (status != NULL)
      *status = ended_status;
    return ended;
  }
  if (running > 0)
    return 0;
  errno = ECHILD;
  return -1;
}

static int end_child(int pid, int status) {
  ended_pid = pid;
  ended_status = status;
  if (pid < next_pid)
    running--;
  return SIGCHLD;
}

int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *information, const struct timespec *timeout) {
  (void)set, (void)information;
  int64_t limit = timeout == NULL ? INT64_MAX : timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000;
  char line[LINE_SIZE];
  int first, second;
  if (limit == 0) {
    errno = EAGAIN;
    return -1;
  }
  if (!next_event(line))
    end_script("(waits)");
  if (sscanf(line, "%d exits %d", &first, &second) == 2)
    return end_child(first, second << 8);
  if (sscanf(line, "%d dies %d", &first, &second) == 2)
    return end_child(first, second);
  if (sscanf(line, "signal %d", &first) == 1)
    return first;
  if (sscanf(line, "%d ms pass", &first) != 1)
    end_script("the script has an unknown line");
  clock_ms += first < limit ? first : limit;
  note("(time %lld ms)", (long long)clock_ms);
  errno = EAGAIN;
  return -1;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *now) {
  (void)id;
  *now = (struct timespec){.tv_sec = clock_ms / 1000, .tv_nsec = clock_ms % 1000 * 1000000};
  return 0;
}

int __wrap_nanosleep(const struct timespec *duration, struct timespec *rest) {
  (void)rest;
  note("sleep %lld s", (long long)duration->tv_sec);
  return 0;
}

void __wrap_sync(void) {
  note("sync");
}

int __wrap_reboot(int command) {
  switch ((unsigned)command) {
  case RB_DISABLE_CAD:
    note("reboot RB_DISABLE_CAD");
    return 0;
  case RB_AUTOBOOT:
    note("reboot RB_AUTOBOOT");
    break;
  case RB_HALT_SYSTEM:
    note("reboot RB_HALT_SYSTEM");
    break;
  case RB_POWER_OFF:
    note("reboot RB_POWER_OFF");
    break;
  default:
    note("reboot %#x", (unsigned)command);
  }
  exit(0);
}
