// What a system call that failed leaves behind: errno and what was attempted, so that the message names the
// operation, the object and the value. Plain C++ (no Node): the logic of every addon returns these, and
// binding.h makes them JavaScript errors. errno names come from strerrorname_np (glibc >= 2.32, strerror(3)).
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace pulsebox {

struct Error {
  /** A positive errno value. */
  int code = 0;
  /** "add 10.0.0.5/24 to eth0": completed by the addon's name before and errno's name after it. */
  std::string attempted;
  /** What the kernel said beyond errno, for example netlink's extended ACK text; may be empty. */
  std::string detail = {};

  /** "EEXIST"; "errno 4095" for a number without a name. */
  std::string name() const;
  /** "ipalias: add 10.0.0.5/24 to eth0: EEXIST (File exists)", then ": " and the detail if there is one. */
  std::string message(const std::string &addon) const;
};

/** An Error holding the current errno. */
Error last_error(std::string attempted);

/** Either a value or the Error that kept it from being made. */
template <typename T> class Result {
public:
  Result(T value) : content(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content(std::in_place_index<1>, std::move(error)) {}
  bool ok() const {
    return content.index() == 0;
  }
  T &value() {
    return *std::get_if<0>(&content);
  }
  const Error &error() const {
    return *std::get_if<1>(&content);
  }

private:
  std::variant<T, Error> content;
};

struct Nothing {};
using Outcome = Result<Nothing>;

} // namespace pulsebox
