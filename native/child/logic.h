// A program of somebody else as a child that has nothing of this process: its own session, no descriptor but
// its three (and a channel when asked for), ordinary scheduling, the memory killer's ordinary view, all
// signals as at boot. Started as posix_spawn(3) does it, on the memory of this process (clone(2), CLONE_VM
// and CLONE_VFORK), because fork(2) copies the page tables of a process with much memory and makes it pay for
// each page it then writes. Watched by a descriptor (pidfd_open(2)), so that no signal and no other waiter
// can take its end away. Linux 5.4. Plain C++: no Node in here.
#pragma once

#include "../common/error.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pulsebox::child {

struct Request {
  /** A path, or a name that is searched for in PATH of `environment`, and its arguments. */
  std::vector<std::string> command;
  /** "NAME=value" */
  std::vector<std::string> environment;
  /** A name or number; empty: as this process. */
  std::string user;
  /** A connected stream socket as its descriptor 3, and nothing that it executes may gain a privilege. */
  bool channel = false;
};

struct Child {
  pid_t pid = -1;
  /** Readable when it has ended. */
  int watch = -1;
  /** The reading end of its standard output and error; does not block. */
  int output = -1;
  /** Our end of the channel, or -1. */
  int channel = -1;
};

/**
 * Returns when the program runs in its place or cannot: the calling thread waits that long, so it must not be
 * the event loop's. ENOENT, EACCES, ENOEXEC: the file; EINVAL: no such user; EPERM: may not become that user.
 */
Result<Child> start(const Request &request);

struct End {
  /** The exit code, or the signal's number. */
  int number = 0;
  bool by_signal = false;
};

/** Collects the child; nothing while it still runs. ECHILD: collected before. */
Result<std::optional<End>> collect(int watch);

/** SIGTERM and the like to the child's process group; a group that is gone is fine. Only before `collect`. */
Outcome signal_group(pid_t pid, int signal);

} // namespace pulsebox::child
