// The system calls behind logic.h. Each refusal that a cluster's operator may meet is said in words beside
// errno: what is missing (a capability, a limit, a kernel option), since the kernel's EPERM does not tell
// which.

#include "logic.h"

#include "../common/descriptor.h"

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <linux/module.h>
#include <sched.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pulsebox::process {

namespace {

/** The current errno; `on_refusal` is said when it is EPERM. */
Error refused(std::string attempted, const char *on_refusal) {
  Error error = last_error(std::move(attempted));
  if (error.code == EPERM)
    error.detail = on_refusal;
  return error;
}

bool ends_with(const std::string &text, const std::string &end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

const char *module_trouble(int code, bool compressed) {
  switch (code) {
  case EPERM:
    return "needs CAP_SYS_MODULE, and a kernel that still takes modules";
  case ENOEXEC:
    return "not a module for this kernel";
  case EOPNOTSUPP:
    return compressed ? "this kernel cannot unpack modules (CONFIG_MODULE_DECOMPRESS)" : "";
  case ENOSYS:
    return "this kernel takes no modules (CONFIG_MODULES)";
  case ENOENT:
    return "a symbol that it needs is in no loaded module";
  default:
    return "";
  }
}

} // namespace

Outcome set_realtime(int priority) {
  const std::string attempted = "schedule as SCHED_RR with priority " + std::to_string(priority);
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) == 0)
    return Nothing{};
  Error error = refused(attempted, "needs CAP_SYS_NICE, or a limit (RLIMIT_RTPRIO) that allows it");
  if (error.code == EINVAL)
    error.detail = "allowed are 1 to 99";
  return error;
}

Outcome set_normal() {
  // The reset-on-fork flag stays set: dropping it needs a privilege (sched(7)), and for SCHED_OTHER it
  // changes nothing but that children of a process with a negative nice value start at 0.
  const int policy = sched_getscheduler(0);
  const int keep = policy < 0 ? 0 : policy & SCHED_RESET_ON_FORK;
  const sched_param parameters{};
  if (sched_setscheduler(0, SCHED_OTHER | keep, &parameters) < 0)
    return last_error("schedule as SCHED_OTHER");
  return Nothing{};
}

Result<Scheduling> scheduling() {
  const int policy = sched_getscheduler(0);
  sched_param parameters{};
  if (policy < 0 || sched_getparam(0, &parameters) < 0)
    return last_error("read the scheduling policy");
  switch (policy & ~SCHED_RESET_ON_FORK) {
  case SCHED_OTHER:
    return Scheduling{"other", 0};
  case SCHED_FIFO:
    return Scheduling{"fifo", parameters.sched_priority};
  case SCHED_RR:
    return Scheduling{"rr", parameters.sched_priority};
  case SCHED_BATCH:
    return Scheduling{"batch", 0};
  case SCHED_IDLE:
    return Scheduling{"idle", 0};
  case SCHED_DEADLINE:
    return Scheduling{"deadline", 0};
  default:
    return Error{ENOTSUP, "read the scheduling policy", "policy " + std::to_string(policy) + " is not known"};
  }
}

Result<Module> load_module(const std::string &path, const std::string &parameters) {
  const std::string attempted =
      "load module " + path + (parameters.empty() ? "" : " with \"" + parameters + "\"");
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return last_error(attempted);
  const bool compressed = ends_with(path, ".xz") || ends_with(path, ".zst") || ends_with(path, ".gz");
  const int flags = compressed ? MODULE_INIT_COMPRESSED_FILE : 0;
  if (syscall(SYS_finit_module, file.get(), parameters.c_str(), flags) == 0)
    return Module::loaded;
  if (errno == EEXIST)
    return Module::already;
  return Error{errno, attempted, module_trouble(errno, compressed)};
}

Outcome reboot(Ending ending) {
  constexpr const char *needs = "needs CAP_SYS_BOOT";
  switch (ending) {
  case Ending::restart:
    return ::reboot(RB_AUTOBOOT) == 0 ? Outcome(Nothing{}) : refused("restart the machine", needs);
  case Ending::poweroff:
    return ::reboot(RB_POWER_OFF) == 0 ? Outcome(Nothing{}) : refused("power the machine off", needs);
  case Ending::halt:
    return ::reboot(RB_HALT_SYSTEM) == 0 ? Outcome(Nothing{}) : refused("halt the machine", needs);
  }
  return Error{EINVAL, "end the machine"};
}

Result<std::vector<Ended>> reap(pid_t pid) {
  std::vector<Ended> ended;
  for (;;) {
    int status = 0;
    const pid_t found = waitpid(pid, &status, WNOHANG);
    if (found == 0 || (found < 0 && errno == ECHILD))
      return ended;
    if (found < 0 && errno == EINTR)
      continue;
    if (found < 0)
      return last_error(pid < 0 ? "collect ended children" : "collect child " + std::to_string(pid));
    Ended child;
    child.pid = found;
    if (WIFSIGNALED(status))
      child.signal = WTERMSIG(status);
    else
      child.code = WEXITSTATUS(status);
    ended.push_back(child);
  }
}

Outcome notify_service(const std::string &path, const std::string &text) {
  const std::string attempted = "tell the service manager at " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path)
    return Error{EINVAL, attempted, "no path of a unix socket"};
  path.copy(address.sun_path, path.size());
  if (path[0] == '@')
    address.sun_path[0] = '\0';
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open())
    return last_error(attempted);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr *>(&address), length) < 0)
    return last_error(attempted);
  return Nothing{};
}

Outcome set_host_name(const std::string &name) {
  const std::string attempted = "set the host name \"" + name + "\"";
  if (name.empty() || name.size() > HOST_NAME_MAX)
    return Error{EINVAL, attempted, "allowed are 1 to " + std::to_string(HOST_NAME_MAX) + " bytes"};
  if (sethostname(name.data(), name.size()) < 0)
    return refused(attempted, "needs CAP_SYS_ADMIN");
  return Nothing{};
}

Outcome set_user(uid_t uid, gid_t gid) {
  const std::string attempted = "become user " + std::to_string(uid) + " and group " + std::to_string(gid);
  constexpr const char *needs = "needs CAP_SETUID and CAP_SETGID";
  if (setgroups(0, nullptr) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
    return refused(attempted, needs);
  uid_t real_user, effective_user, saved_user;
  gid_t real_group, effective_group, saved_group;
  if (getresuid(&real_user, &effective_user, &saved_user) < 0 ||
      getresgid(&real_group, &effective_group, &saved_group) < 0)
    return last_error(attempted);
  const bool user_taken = real_user == uid && effective_user == uid && saved_user == uid;
  const bool group_taken = real_group == gid && effective_group == gid && saved_group == gid;
  if (!user_taken || !group_taken || setresuid(0, 0, 0) == 0)
    return Error{EPERM, attempted, "root could be taken back"};
  return Nothing{};
}

} // namespace pulsebox::process
