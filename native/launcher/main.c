// The static front of the one file (native/launcher): what the kernel starts, whatever C library the system
// has, or none at all. It is PID 1 of a box, or it becomes the program that lies behind it in the same file.
//
//   as /init or /sbin/init with PID 1   set up and supervise the box (init.h)
//   pulsebox --verify-payload           compare the whole file with its checksums
//   pulsebox …                          start the program (exec.h)
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "init.h"
#include "payload.h"

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/**
 * A container may run a command of pulsebox as its PID 1; the kernel hands words of its command line to init
 * as arguments. So the name decides, and with another name only a start without any command is a box.
 */
static bool is_init_of_a_box(int argc, char **argv) {
  return getpid() == 1 && (argc < 2 || strcmp(base_name(argv[0]), "init") == 0);
}

int main(int argc, char **argv, char **envp) {
  if (is_init_of_a_box(argc, argv))
    run_as_init(envp);
  if (argc == 2 && strcmp(argv[1], "--verify-payload") == 0) {
    printf("pulsebox: the file is whole (%llu bytes compared)\n", (unsigned long long)payload_verify_self());
    return 0;
  }
  exec_program(argc, argv, envp);
}
