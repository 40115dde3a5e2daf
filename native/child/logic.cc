// The child shares this process's memory until it executes the program: between clone(2) and execve(2) it
// makes bare system calls on data prepared before, and allocates nothing. Credentials go through syscall(2),
// since the C library's own calls would change all threads of the parent (nptl(7)). What failed is written
// where the parent can read it, because the memory is one.

#include "logic.h"

#include "../common/descriptor.h"
#include "user.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace pulsebox::child {

namespace {

constexpr size_t stack_size = 64 * 1024;
constexpr int channel_number = 3;
/** What select(2) can count to; Node raises its own limit to the greatest, and daemons close all up to it. */
constexpr rlim_t usual_descriptors = 1024;

/** All that the child needs, laid out before it exists. */
struct Plan {
  std::vector<std::string> paths;
  std::vector<char *> arguments;
  std::vector<char *> environment;
  std::optional<Identity> identity;
  int input = -1;
  int output = -1;
  int channel = -1;
  sigset_t unblocked;
  rlimit descriptors;
  /** Written by the child. */
  int failure = 0;
  const char *failed_at = "";
};

std::vector<char *> pointers(const std::vector<std::string> &texts) {
  std::vector<char *> result;
  for (const std::string &text : texts)
    result.push_back(const_cast<char *>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/** Where the program may be, in the order in which execvp(3) would try. */
std::vector<std::string> candidates(const Request &request) {
  const std::string &program = request.command.front();
  if (program.find('/') != std::string::npos)
    return {program};
  std::vector<std::string> paths;
  for (const std::string &variable : request.environment) {
    if (variable.rfind("PATH=", 0) != 0)
      continue;
    for (size_t from = 5, end = 0; end != std::string::npos; from = end + 1) {
      end = variable.find(':', from);
      const std::string folder = variable.substr(from, end == std::string::npos ? end : end - from);
      if (!folder.empty())
        paths.push_back(folder + "/" + program);
    }
  }
  return paths;
}

bool fail(Plan &plan, const char *at) {
  plan.failure = errno;
  plan.failed_at = at;
  return false;
}

bool move_to(int from, int to) {
  // dup2 onto itself would keep the close-on-exec flag.
  return from == to ? fcntl(from, F_SETFD, 0) == 0 : dup2(from, to) == to;
}

bool take_descriptors(Plan &plan) {
  if (!move_to(plan.input, 0) || !move_to(plan.output, 1) || !move_to(plan.output, 2))
    return fail(plan, "giving it its descriptors");
  int first_closed = channel_number;
  if (plan.channel >= 0) {
    if (!move_to(plan.channel, channel_number))
      return fail(plan, "giving it its descriptors");
    first_closed++;
  }
  if (syscall(SYS_close_range, first_closed, ~0U, 0) < 0)
    return fail(plan, "closing the descriptors of this process");
  return true;
}

void become_ordinary(const Plan &plan) {
  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction ordinary {};
    ordinary.sa_handler = SIG_DFL;
    sigaction(signal, &ordinary, nullptr);
  }
  const sched_param parameters{};
  sched_setscheduler(0, SCHED_OTHER, &parameters);
  setrlimit(RLIMIT_NOFILE, &plan.descriptors);
  // Raising the score needs no privilege; where it cannot be written it is nobody's protection either.
  const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    [[maybe_unused]] const ssize_t written = write(score, "0", 1);
    close(score);
  }
}

bool take_identity(Plan &plan) {
  if (!plan.identity)
    return true;
  const Identity &user = *plan.identity;
  const bool taken = syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0 &&
                     syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0 &&
                     syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0;
  return taken || fail(plan, "becoming its user needs CAP_SETUID and CAP_SETGID");
}

void execute(Plan &plan) {
  int reason = ENOENT;
  for (const std::string &path : plan.paths) {
    execve(path.c_str(), plan.arguments.data(), plan.environment.data());
    if (errno != ENOENT && errno != ENOTDIR)
      reason = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
      break;
  }
  errno = reason;
  fail(plan, "");
}

int run_child(void *argument) {
  Plan &plan = *static_cast<Plan *>(argument);
  setsid();
  become_ordinary(plan);
  if (chdir("/") < 0)
    fail(plan, "changing to /");
  else if (take_descriptors(plan) && take_identity(plan)) {
    if (plan.channel >= 0)
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    // After the change of user, which clears it.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, &plan.unblocked, nullptr);
    execute(plan);
  }
  _exit(127);
}

rlimit ordinary_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur > usual_descriptors)
    limit.rlim_cur = usual_descriptors;
  return limit;
}

/** Above those that the child gets, so that giving it one never overwrites another. */
int above_standard(int descriptor) {
  if (descriptor < 0 || descriptor > channel_number)
    return descriptor;
  const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, channel_number + 1);
  close(descriptor);
  return moved;
}

std::string attempt(const Request &request) {
  const std::string as = request.user.empty() ? "" : " as user " + request.user;
  return "run " + request.command.front() + as;
}

/** A file that is there and cannot be found is a script whose first line names an interpreter that is not. */
std::string explain(const Plan &plan, bool by_name) {
  if (plan.failed_at[0] != '\0')
    return plan.failed_at;
  if (plan.failure == ENOENT && by_name)
    return "it is in none of the directories of PATH";
  if (plan.failure == ENOENT && access(plan.paths.front().c_str(), F_OK) == 0)
    return "the file is there, but not the interpreter that it names";
  if (plan.failure == ENOEXEC)
    return "neither a program of this machine nor a script that begins with #!";
  return "";
}

/** Between this process and the child. */
struct Connection {
  Descriptor here;
  Descriptor there;
};

Result<Connection> make_output(const std::string &attempted) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return last_error(attempted);
  Connection output{Descriptor(ends[0]), Descriptor(above_standard(ends[1]))};
  if (!output.there.is_open() || fcntl(output.here.get(), F_SETFL, O_NONBLOCK) < 0)
    return last_error(attempted);
  return output;
}

Result<Connection> make_channel(const std::string &attempted) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return last_error(attempted);
  Connection channel{Descriptor(ends[0]), Descriptor(above_standard(ends[1]))};
  if (!channel.there.is_open())
    return last_error(attempted);
  return channel;
}

/** Somebody who is that user already needs no privilege for it, and gets nothing. */
Result<std::optional<Identity>> identity_of(const std::string &user, const std::string &attempted) {
  if (user.empty())
    return std::optional<Identity>();
  auto identity = find_user(user, attempted);
  if (!identity.ok())
    return identity.error();
  const bool same = identity.value().uid == geteuid() && identity.value().gid == getegid();
  return geteuid() != 0 && same ? std::nullopt : std::optional(identity.value());
}

pid_t clone_child(Plan &plan, int *watch) {
  std::vector<char> stack(stack_size);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  sigemptyset(&plan.unblocked);
  char *top = stack.data() + stack.size();
  top -= reinterpret_cast<uintptr_t>(top) % 16;
  const pid_t pid = clone(run_child, top, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, watch);
  const int code = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = code;
  return pid;
}

} // namespace

Result<Child> start(const Request &request) {
  const std::string attempted = attempt(request);
  Plan plan;
  plan.paths = candidates(request);
  plan.arguments = pointers(request.command);
  plan.environment = pointers(request.environment);
  plan.descriptors = ordinary_descriptors();
  auto identity = identity_of(request.user, attempted);
  if (!identity.ok())
    return identity.error();
  plan.identity = identity.value();
  auto output = make_output(attempted);
  if (!output.ok())
    return output.error();
  auto channel = request.channel ? make_channel(attempted) : Connection{};
  if (!channel.ok())
    return channel.error();
  const Descriptor nothing(above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  if (!nothing.is_open())
    return last_error(attempted);
  plan.input = nothing.get();
  plan.output = output.value().there.get();
  plan.channel = channel.value().there.get();
  int watch = -1;
  const pid_t pid = clone_child(plan, &watch);
  if (pid < 0)
    return last_error(attempted);
  if (plan.failure != 0) {
    const Descriptor never_ran(watch);
    waitpid(pid, nullptr, 0);
    const bool by_name = request.command.front().find('/') == std::string::npos;
    return Error{plan.failure, attempted, explain(plan, by_name)};
  }
  return Child{pid, watch, output.value().here.release(), channel.value().here.release()};
}

Result<std::optional<End>> collect(int watch) {
  siginfo_t info{};
  if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(watch), &info, WEXITED | WNOHANG) < 0)
    return last_error("collect an ended child");
  if (info.si_pid == 0)
    return std::optional<End>();
  return std::optional(End{info.si_status, info.si_code != CLD_EXITED});
}

Outcome signal_group(pid_t pid, int signal) {
  if (kill(-pid, signal) < 0 && errno != ESRCH)
    return last_error("signal process group " + std::to_string(pid));
  return Nothing{};
}

} // namespace pulsebox::child
