// Whose identity a program takes: a name or a number, with the groups of /etc/passwd and /etc/group
// (passwd(5), group(5)). Read as files, not through nsswitch.conf(5): a service of names that is down must
// not keep the daemon from starting programs, and no library of the host belongs in it. Plain C++: no Node in
// here.
#pragma once

#include "../common/error.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace pulsebox::child {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  /** Supplementary groups, the own one among them, as initgroups(3) sets them. */
  std::vector<gid_t> groups;
};

/** EINVAL: /etc/passwd has no such name. A number that it has not gets the group of the same number. */
Result<Identity> find_user(const std::string &user, const std::string &attempted);

} // namespace pulsebox::child
