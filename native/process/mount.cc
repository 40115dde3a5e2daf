// mount(2) and umount2(2). MS_* values come from <sys/mount.h>, their names from mount(8),
// "filesystem-independent mount options".

#include "mount.h"

#include <array>
#include <cerrno>
#include <sys/mount.h>
#include <utility>

namespace pulsebox::process {

namespace {

constexpr std::array<std::pair<const char *, unsigned long>, 20> known_flags{{
    {"bind", MS_BIND},
    {"dirsync", MS_DIRSYNC},
    {"lazytime", MS_LAZYTIME},
    {"move", MS_MOVE},
    {"noatime", MS_NOATIME},
    {"nodev", MS_NODEV},
    {"nodiratime", MS_NODIRATIME},
    {"noexec", MS_NOEXEC},
    {"nosuid", MS_NOSUID},
    {"private", MS_PRIVATE},
    {"rec", MS_REC},
    {"relatime", MS_RELATIME},
    {"remount", MS_REMOUNT},
    {"ro", MS_RDONLY},
    {"shared", MS_SHARED},
    {"silent", MS_SILENT},
    {"slave", MS_SLAVE},
    {"strictatime", MS_STRICTATIME},
    {"sync", MS_SYNCHRONOUS},
    {"unbindable", MS_UNBINDABLE},
}};

std::string described(const Mount &wanted) {
  std::string text =
      "mount " + (wanted.source.empty() ? std::string("none") : wanted.source) + " on " + wanted.target;
  if (!wanted.type.empty())
    text += " as " + wanted.type;
  for (size_t index = 0; index < wanted.flags.size(); index++)
    text += (index == 0 ? " (" : ",") + wanted.flags[index];
  return wanted.flags.empty() ? text : text + ")";
}

Result<unsigned long> flag_bits(const Mount &wanted) {
  unsigned long bits = 0;
  std::string unknown;
  for (const std::string &name : wanted.flags) {
    bool found = false;
    for (const auto &[known, bit] : known_flags) {
      if (name == known) {
        bits |= bit;
        found = true;
      }
    }
    if (!found)
      unknown += (unknown.empty() ? "\"" : ", \"") + name + "\"";
  }
  if (unknown.empty())
    return bits;
  std::string allowed;
  for (const auto &[known, bit] : known_flags)
    allowed += std::string(allowed.empty() ? "" : ", ") + known;
  return Error{EINVAL, described(wanted), "unknown flag " + unknown + "; allowed are " + allowed};
}

const char *trouble(int code, const Mount &wanted) {
  switch (code) {
  case EPERM:
    return "needs CAP_SYS_ADMIN";
  case ENODEV:
    return "the kernel does not have this file system; is its module loaded?";
  case EINVAL:
    return wanted.type.empty() ? "" : "the source holds no such file system, or an option is not known to it";
  case EACCES:
    return "the medium may be write protected: it needs the flag ro";
  default:
    return "";
  }
}

} // namespace

Outcome mount(const Mount &wanted) {
  auto bits = flag_bits(wanted);
  if (!bits.ok())
    return bits.error();
  const char *type = wanted.type.empty() ? nullptr : wanted.type.c_str();
  const char *data = wanted.data.empty() ? nullptr : wanted.data.c_str();
  const char *source = wanted.source.empty() ? "none" : wanted.source.c_str();
  if (::mount(source, wanted.target.c_str(), type, bits.value(), data) == 0)
    return Nothing{};
  Error error = last_error(described(wanted));
  error.detail = trouble(error.code, wanted);
  return error;
}

Outcome unmount(const std::string &target, Unmounting how) {
  const int flags = UMOUNT_NOFOLLOW | (how.force ? MNT_FORCE : 0) | (how.lazy ? MNT_DETACH : 0);
  if (umount2(target.c_str(), flags) == 0)
    return Nothing{};
  Error error = last_error("unmount " + target);
  if (error.code == EINVAL)
    error.detail = "nothing is mounted there";
  return error;
}

} // namespace pulsebox::process
