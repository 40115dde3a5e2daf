// A descriptor that is closed with the object that holds it (close(2)), so that no way out of a function and
// no error leaves one open. Plain C++: no Node in here.
#pragma once

#include <unistd.h>
#include <utility>

namespace pulsebox {

class Descriptor {
public:
  Descriptor() = default;
  /** Takes over what open(2), socket(2) and the like returned; below 0 there is none. */
  explicit Descriptor(int number) : number(number) {}
  Descriptor(Descriptor &&other) noexcept : number(other.release()) {}
  Descriptor &operator=(Descriptor &&) = delete;
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    close();
  }

  bool is_open() const {
    return number >= 0;
  }
  /** -1 when it is closed, which every system call refuses with EBADF. */
  int get() const {
    return number;
  }
  /** Closing a second time does nothing. */
  void close() {
    if (is_open())
      ::close(release());
  }
  /** Leaves it open; the caller closes it. */
  int release() {
    return std::exchange(number, -1);
  }

private:
  int number = -1;
};

} // namespace pulsebox
