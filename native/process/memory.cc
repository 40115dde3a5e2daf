// Reads the mappings from /proc/self/maps, whose format proc(5) describes, and locks those that a file stands
// behind.

#include "memory.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <vector>

namespace pulsebox::process {

namespace {

struct Mapping {
  uintptr_t start = 0;
  uintptr_t end = 0;
  std::string permissions;
  /** A path, a name such as "[stack]", or "" where nothing stands behind. */
  std::string backing;
};

bool parse(const std::string &line, Mapping &mapping) {
  unsigned long start = 0, end = 0;
  char permissions[5] = "";
  int path_at = 0;
  if (sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %n", &start, &end, permissions, &path_at) != 3 ||
      path_at == 0)
    return false;
  mapping = Mapping{start, end, permissions, line.substr(static_cast<size_t>(path_at))};
  return true;
}

bool wanted(const Mapping &mapping) {
  if (mapping.permissions.rfind("---", 0) == 0)
    return false;
  return mapping.backing.rfind('/', 0) == 0 || mapping.backing == "[heap]" || mapping.backing == "[stack]";
}

Error lock_error(int code, const std::string &attempted) {
  switch (code) {
  case EPERM:
    return Error{code, attempted, "needs CAP_IPC_LOCK or a limit (RLIMIT_MEMLOCK) above 0"};
  case ENOMEM:
    return Error{code, attempted, "more than the limit (RLIMIT_MEMLOCK) allows without CAP_IPC_LOCK"};
  default:
    return Error{code, attempted};
  }
}

} // namespace

Result<uint64_t> lock_memory(bool on_fault) {
  const std::string attempted = "lock the memory";
  std::ifstream maps("/proc/self/maps");
  std::vector<Mapping> mappings;
  std::string line;
  while (std::getline(maps, line)) {
    Mapping mapping;
    if (parse(line, mapping) && wanted(mapping))
      mappings.push_back(mapping);
  }
  if (mappings.empty())
    return Error{ENOENT, attempted, "/proc/self/maps names no mapped file; is /proc mounted?"};
  uint64_t bytes = 0;
  for (const Mapping &mapping : mappings) {
    const size_t length = mapping.end - mapping.start;
    if (mlock2(reinterpret_cast<const void *>(mapping.start), length, on_fault ? MLOCK_ONFAULT : 0) < 0) {
      const int code = errno;
      munlockall();
      return lock_error(code, attempted + ": " + mapping.backing);
    }
    bytes += length;
  }
  return bytes;
}

Outcome unlock_memory() {
  if (munlockall() < 0)
    return last_error("unlock the memory");
  return Nothing{};
}

} // namespace pulsebox::process
