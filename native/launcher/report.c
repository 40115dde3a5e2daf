// One-line messages of the launcher, written with a single write(2) so that lines of several processes on one
// console do not mix. Names of errno values follow errno(3).
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 512 };

#define NAMED(code)                                                                                          \
  case code:                                                                                                 \
    return #code

const char *errno_name(int error) {
  switch (error) {
    NAMED(EPERM);
    NAMED(ENOENT);
    NAMED(EINTR);
    NAMED(EIO);
    NAMED(ENXIO);
    NAMED(E2BIG);
    NAMED(ENOEXEC);
    NAMED(EBADF);
    NAMED(ECHILD);
    NAMED(EAGAIN);
    NAMED(ENOMEM);
    NAMED(EACCES);
    NAMED(EFAULT);
    NAMED(EBUSY);
    NAMED(EEXIST);
    NAMED(ENODEV);
    NAMED(ENOTDIR);
    NAMED(EINVAL);
    NAMED(ENFILE);
    NAMED(EMFILE);
    NAMED(ENOTTY);
    NAMED(ETXTBSY);
    NAMED(EFBIG);
    NAMED(ENOSPC);
    NAMED(EROFS);
    NAMED(ENAMETOOLONG);
    NAMED(ENOSYS);
    NAMED(ELOOP);
  default:
    return "errno";
  }
}

static void write_line(const char *format, va_list arguments, int error) {
  char line[LINE_SIZE];
  size_t used = (size_t)snprintf(line, sizeof line, "pulsebox: ");
  int length = vsnprintf(line + used, sizeof line - used, format, arguments);
  used = length < 0 ? used : used + (size_t)length;
  if (used < sizeof line && error != 0) {
    length = snprintf(line + used, sizeof line - used, ": %s (%s)", errno_name(error), strerror(error));
    used = length < 0 ? used : used + (size_t)length;
  }
  if (used > sizeof line - 1)
    used = sizeof line - 1;
  line[used] = '\n';
  // Nothing can be done about a console that takes no text.
  if (write(STDERR_FILENO, line, used + 1) < 0)
    return;
}

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line(format, arguments, 0);
  va_end(arguments);
}

void refuse(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line(format, arguments, 0);
  va_end(arguments);
  _exit(LAUNCHER_FAILED);
}

void refuse_errno(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  write_line(format, arguments, error);
  va_end(arguments);
  _exit(LAUNCHER_FAILED);
}
