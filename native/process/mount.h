// Mounts by mount(2) and umount2(2), flags given by the names that mount(8) and /proc/mounts use. Plain C++:
// no Node in here.
#pragma once

#include "../common/error.h"

#include <string>
#include <vector>

namespace pulsebox::process {

struct Mount {
  std::string source;
  std::string target;
  /** The file system; "" for bind, remount, move and changes of propagation. */
  std::string type;
  /** "ro", "nosuid", "bind", …; EINVAL names those that are not known. */
  std::vector<std::string> flags;
  /** Options of the file system itself, "size=64m,mode=755"; may be empty. */
  std::string data;
};

Outcome mount(const Mount &wanted);

struct Unmounting {
  /** MNT_FORCE: give up pending requests (network file systems). */
  bool force = false;
  /** MNT_DETACH: take it out of the tree now, unmount when nothing uses it any more. */
  bool lazy = false;
};

/** A symbolic link as target is not followed. */
Outcome unmount(const std::string &target, Unmounting how);

} // namespace pulsebox::process
