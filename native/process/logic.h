// What PID 1 and the process that decides ask of the kernel: scheduling, modules, reboot, children,
// identity. Sources: mlockall(2), sched_setscheduler(2), sched(7), finit_module(2), reboot(2), waitpid(2),
// sethostname(2), setresuid(2). Memory is in memory.h, mounts in mount.h, loop devices in loop.h. Plain C++:
// no Node in here.
#pragma once

#include "../common/error.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pulsebox::process {

struct Scheduling {
  /** "other", "fifo", "rr", "batch", "idle" or "deadline". */
  std::string policy;
  /** 0 for all but "fifo" and "rr". */
  int priority = 0;
};

/** SCHED_RR for the calling thread; children and new threads start as SCHED_OTHER. EINVAL: priority not 1
 * to 99. */
Outcome set_realtime(int priority);
/** SCHED_OTHER for the calling thread. */
Outcome set_normal();
Result<Scheduling> scheduling();

enum class Module { loaded, already };

/** Loads a .ko, or a .ko.xz, .ko.zst or .ko.gz, which the kernel itself unpacks if it was built to. */
Result<Module> load_module(const std::string &path, const std::string &parameters);

enum class Ending { restart, poweroff, halt };

/** At once: nothing is synced or unmounted. In a PID namespace it only ends that namespace's init. */
Outcome reboot(Ending ending);

struct Ended {
  pid_t pid = 0;
  /** Exactly one of the two is there. */
  std::optional<int> code;
  std::optional<int> signal;
};

/** Collects ended children without waiting: `pid`, or all if it is -1. No children at all is an empty list.
 */
Result<std::vector<Ended>> reap(pid_t pid);

/** One datagram to the unix socket at `path`, as sd_notify(3) has it: "@" first means an abstract name. */
Outcome notify_service(const std::string &path, const std::string &text);

/** At most 64 bytes (HOST_NAME_MAX). */
Outcome set_host_name(const std::string &name);

/** Gives up root in all threads: no supplementary groups, real, effective and saved ids. Verified not to be
 * reversible. */
Outcome set_user(uid_t uid, gid_t gid);

} // namespace pulsebox::process
