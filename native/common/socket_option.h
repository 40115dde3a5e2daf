// setsockopt(2) with an error that names the option: errno alone does not tell which of several was refused.
// Plain C++: no Node in here.
#pragma once

#include "descriptor.h"
#include "error.h"

#include <string>
#include <sys/socket.h>

namespace pulsebox {

struct SocketOption {
  int level;
  int name;
  /** The name as the manual pages have it, "SO_BROADCAST". */
  const char *words;
};

/** Sets it to the bytes of `value`; the error's detail is "setsockopt " and the option's words. */
template <typename T>
Outcome set_option(const Descriptor &socket, const SocketOption &option, const T &value,
                   const std::string &attempted) {
  if (setsockopt(socket.get(), option.level, option.name, &value, sizeof value) == 0)
    return Nothing{};
  Error error = last_error(attempted);
  error.detail = std::string("setsockopt ") + option.words;
  return error;
}

} // namespace pulsebox
