// The program behind the launcher in its tests, dynamically linked as Node is. As `init` it succeeds; as `ha`
// it says what it finds and ends well on SIGTERM; with anything else it prints what it was started with.
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int count_zombies(void) {
  int zombies = 0;
  DIR *processes = opendir("/proc");
  for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    char path[300], state = ' ';
    snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    FILE *status = fopen(path, "r");
    if (status == NULL)
      continue;
    if (fscanf(status, "%*d (%*[^)]) %c", &state) == 1 && state == 'Z')
      zombies++;
    fclose(status);
  }
  closedir(processes);
  return zombies;
}

/** Leaves an orphan that has ended; PID 1 must reap it. */
static void leave_an_orphan(void) {
  pid_t child = fork();
  if (child == 0) {
    if (fork() == 0)
      _exit(0);
    _exit(0);
  }
  waitpid(child, NULL, 0);
}

static int run_ha(void) {
  sigset_t blocked, end;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigprocmask(SIG_BLOCK, &end, NULL);
  for (int i = 0; i < 3; i++)
    leave_an_orphan();
  while (count_zombies() > 0)
    usleep(1000);
  printf("ha runs: parent %d, leads its session: %s, blocks signals: %s\n", getppid(),
         getsid(0) == getpid() ? "yes" : "no", sigisemptyset(&blocked) ? "no" : "yes");
  fflush(stdout);
  int signal;
  sigwait(&end, &signal);
  puts("ha ends in order");
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "init") == 0)
    return puts("init succeeds") < 0;
  if (argc > 1 && strcmp(argv[1], "ha") == 0)
    return run_ha();
  for (int i = 1; i < argc; i++)
    printf("argument %s\n", argv[i]);
  for (char **variable = environ; *variable != NULL; variable++)
    printf("variable %s\n", *variable);
  char path[4096] = "";
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
    return 1;
  printf("file %s\n", path);
  return 7;
}
