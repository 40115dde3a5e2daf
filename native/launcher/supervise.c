// PID 1's task: `pulsebox init` until it succeeds, then `pulsebox ha` for good. Beside init a child compares
// the whole file with its checksums; ha, which decides who owns the addresses, never runs from a file that is
// not whole. Everything waits in one sigtimedwait(2): ends of children (SIGCHLD) and the signals that end the
// box (down.c).
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "payload.h"
#include "report.h"

enum {
  HA_DEATHS_MAX = 5, // one more within the window reboots the box
  HA_DEATHS_WINDOW_MS = 60 * 1000,
  HA_DELAY_MS = 100, // doubles with every death within the window
  INIT_DELAY_MS = 1000,
  INIT_DELAY_MAX_MS = 8000, // doubles with every failure up to this
  ORDERLY_END_MS = 30 * 1000,
};

struct task {
  const char *name;
  char *const *arguments; // NULL: compare the file with its checksums
  pid_t pid;              // 0: not running
  int64_t start_at;       // negative: not waiting to be started
};

static char *const init_arguments[] = {"pulsebox", "init", NULL};
static char *const ha_arguments[] = {"pulsebox", "ha", "--config", "/run/pulsebox/cluster.yaml", NULL};
static char search_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

static struct task verify = {.name = "the check of the file"};
static struct task init = {.name = "init", .arguments = init_arguments};
static struct task ha = {.name = "ha", .arguments = ha_arguments, .start_at = -1};
static struct task *const tasks[] = {&verify, &init, &ha};
enum { TASK_COUNT = sizeof tasks / sizeof tasks[0] };

static bool file_is_whole, box_is_up;
static int64_t init_delay_ms = INIT_DELAY_MS;
static int64_t ha_deaths[HA_DEATHS_MAX + 1]; // times, the newest last
static unsigned ha_death_count;              // of those within the window

static const struct ending *ending; // non-NULL: the box is going down
static int64_t ending_deadline;

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int await_signal(const sigset_t *set, int64_t timeout_ms) {
  struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000};
  int signal = sigtimedwait(set, NULL, timeout_ms < 0 ? NULL : &timeout);
  return signal < 0 ? 0 : signal;
}

_Noreturn static void become(const struct task *task, char **envp) {
  setsid();
  for (int signal = 1; signal < NSIG; signal++)
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (task->arguments == NULL) {
    payload_verify_self();
    _exit(0);
  }
  execve("/proc/self/exe", task->arguments, envp);
  refuse_errno("cannot start %s", task->name);
}

static void begin_ending(const struct ending *how, const char *why) {
  if (ending != NULL)
    return;
  ending = how;
  ending_deadline = now_ms() + ORDERLY_END_MS;
  say("%s: %s as soon as everything has ended, in %d s at the latest", why, how->word, ORDERLY_END_MS / 1000);
  for (size_t i = 0; i < TASK_COUNT; i++) {
    tasks[i]->start_at = -1;
    if (tasks[i]->pid != 0)
      kill(tasks[i]->pid, SIGTERM);
  }
}

static void start_ha_when_ready(void) {
  if (file_is_whole && box_is_up && ending == NULL)
    ha.start_at = now_ms();
}

static void init_ended(bool well, const char *how) {
  if (well) {
    box_is_up = true;
    start_ha_when_ready();
    return;
  }
  say("init %s; starting it again in %lld s", how, (long long)init_delay_ms / 1000);
  init.start_at = now_ms() + init_delay_ms;
  if (init_delay_ms < INIT_DELAY_MAX_MS)
    init_delay_ms *= 2;
}

static void ha_ended(const char *how) {
  int64_t now = now_ms();
  unsigned old = 0;
  while (old < ha_death_count && ha_deaths[old] <= now - HA_DEATHS_WINDOW_MS)
    old++;
  ha_death_count -= old;
  memmove(ha_deaths, ha_deaths + old, ha_death_count * sizeof ha_deaths[0]);
  ha_deaths[ha_death_count++] = now;
  if (ha_death_count > HA_DEATHS_MAX) {
    say("ha %s", how);
    begin_ending(ending_of(SIGTERM), "ha does not stay up: it ended 6 times within 60 s");
    return;
  }
  int64_t delay = (int64_t)HA_DELAY_MS << (ha_death_count - 1);
  say("ha %s; starting it again in %lld ms (%u of %d within %d s)", how, (long long)delay, ha_death_count,
      HA_DEATHS_MAX, HA_DEATHS_WINDOW_MS / 1000);
  ha.start_at = now + delay;
}

static void task_ended(struct task *task, bool well, const char *how) {
  task->pid = 0;
  if (ending != NULL) {
    say("%s %s", task->name, how);
  } else if (task == &init) {
    init_ended(well, how);
  } else if (task == &ha) {
    ha_ended(how);
  } else if (well) {
    file_is_whole = true;
    start_ha_when_ready();
  } else {
    give_up("%s %s: ha cannot run from this file", task->name, how);
  }
}

static void reap(void) {
  int status;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    char how[80];
    if (WIFSIGNALED(status))
      snprintf(how, sizeof how, "died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
      snprintf(how, sizeof how, "ended with exit code %d", WEXITSTATUS(status));
    for (size_t i = 0; i < TASK_COUNT; i++)
      if (tasks[i]->pid == pid)
        task_ended(tasks[i], status == 0, how);
  }
}

static void start(struct task *task, char **envp) {
  task->start_at = -1;
  pid_t pid = fork();
  if (pid == 0)
    become(task, envp);
  if (pid > 0) {
    task->pid = pid;
    return;
  }
  char how[80];
  snprintf(how, sizeof how, "could not be started: %s (%s)", errno_name(errno), strerror(errno));
  task_ended(task, false, how);
}

static void start_due_tasks(char **envp) {
  for (size_t i = 0; i < TASK_COUNT; i++)
    if (tasks[i]->pid == 0 && tasks[i]->start_at >= 0 && tasks[i]->start_at <= now_ms())
      start(tasks[i], envp);
}

static bool any_task_runs(void) {
  for (size_t i = 0; i < TASK_COUNT; i++)
    if (tasks[i]->pid != 0)
      return true;
  return false;
}

static int64_t ms_until_next_deadline(void) {
  int64_t next = ending != NULL ? ending_deadline : -1;
  for (size_t i = 0; i < TASK_COUNT; i++)
    if (tasks[i]->start_at >= 0 && (next < 0 || tasks[i]->start_at < next))
      next = tasks[i]->start_at;
  if (next < 0)
    return -1;
  int64_t left = next - now_ms();
  return left > 0 ? left : 0;
}

static sigset_t block_signals(void) {
  sigset_t set;
  sigfillset(&set);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigemptyset(&set);
  const int awaited[] = {SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < sizeof awaited / sizeof awaited[0]; i++)
    sigaddset(&set, awaited[i]);
  return set;
}

const struct ending *supervise(char **envp) {
  sigset_t awaited = block_signals();
  for (;;) {
    start_due_tasks(envp);
    if (ending != NULL && !any_task_runs())
      return ending;
    if (ending != NULL && now_ms() >= ending_deadline) {
      say("not everything has ended within %d s", ORDERLY_END_MS / 1000);
      return ending;
    }
    const struct ending *asked = ending_of(await_signal(&awaited, ms_until_next_deadline()));
    if (asked != NULL) {
      char why[60];
      snprintf(why, sizeof why, "signal %d (%s)", asked->signal, strsignal(asked->signal));
      begin_ending(asked, why);
    }
    reap();
  }
}

static char **with_search_path(char **envp) {
  static char *environment[256];
  size_t count = 0;
  bool has_path = false;
  for (; *envp != NULL && count < 254; envp++) {
    has_path = has_path || strncmp(*envp, "PATH=", 5) == 0;
    environment[count++] = *envp;
  }
  if (!has_path)
    environment[count++] = search_path;
  return environment;
}

_Noreturn void run_as_init(char **envp) {
  set_up_kernel_file_systems();
  // From here on Ctrl-Alt-Del sends SIGINT to PID 1 instead of rebooting at once. Containers do not allow it.
  reboot(RB_DISABLE_CAD);
  go_down(supervise(with_search_path(envp)));
}
