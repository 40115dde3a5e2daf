// What the kernel leaves to PID 1: its own file systems and the console (kernel:
// Documentation/admin-guide/init.rst, Documentation/filesystems/{proc,sysfs,tmpfs,devpts}.rst; mount(2);
// console(4)).
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

struct kernel_file_system {
  const char *directory, *type;
  unsigned long flags;
  const char *options;
  bool essential;
};

static const struct kernel_file_system file_systems[] = {
    {"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true},
    {"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true},
    {"/dev", "devtmpfs", MS_NOSUID, "mode=0755", true},
    {"/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666", false},
    {"/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", false},
    {"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", true},
};

/** A directory is a mount point when it lies on another device than its parent, as mountpoint(1) decides it.
 */
static bool is_mounted(const char *directory) {
  char parent[64];
  snprintf(parent, sizeof parent, "%s/..", directory);
  struct stat here, above;
  return stat(directory, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

static void mount_once(const struct kernel_file_system *entry) {
  // An error shows itself in mount(2), which needs the directory.
  mkdir(entry->directory, 0755);
  if (is_mounted(entry->directory))
    return;
  if (mount(entry->type, entry->directory, entry->type, entry->flags, entry->options) == 0 || errno == EBUSY)
    return;
  int error = errno;
  if (entry->essential)
    give_up("cannot mount %s on %s: %s (%s)", entry->type, entry->directory, errno_name(error),
            strerror(error));
  say("cannot mount %s on %s: %s (%s); going on without it", entry->type, entry->directory, errno_name(error),
      strerror(error));
}

static bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

static void open_console(void) {
  // The kernel has opened /dev/console for PID 1 already if the root file system held it.
  if (is_open(STDIN_FILENO) && is_open(STDOUT_FILENO) && is_open(STDERR_FILENO))
    return;
  int fd = open("/dev/console", O_RDWR | O_NOCTTY);
  if (fd < 0)
    fd = open("/dev/null", O_RDWR);
  if (fd < 0)
    return;
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
    if (stream != fd)
      dup2(fd, stream);
  if (fd > STDERR_FILENO)
    close(fd);
}

void set_up_kernel_file_systems(void) {
  umask(022);
  for (size_t i = 0; i < sizeof file_systems / sizeof file_systems[0]; i++)
    mount_once(&file_systems[i]);
  open_console();
}
