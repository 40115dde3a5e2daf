// Words for errno values: the name (strerrorname_np) and the description of the C library, both documented in
// strerror(3). The description is asked for in the C locale by never calling setlocale: messages are the same
// on every box.

#include "error.h"

#include <cerrno>
#include <cstring>

namespace pulsebox {

std::string Error::name() const {
  const char *known = strerrorname_np(code);
  return known != nullptr ? known : "errno " + std::to_string(code);
}

std::string Error::message(const std::string &addon) const {
  const char *description = strerrordesc_np(code);
  std::string text = addon + ": " + attempted + ": " + name();
  if (description != nullptr)
    text += std::string(" (") + description + ")";
  if (!detail.empty())
    text += ": " + detail;
  return text;
}

Error last_error(std::string attempted) {
  return Error{errno, std::move(attempted)};
}

} // namespace pulsebox
