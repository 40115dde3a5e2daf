// Tells when a descriptor can be read, on the event loop of the Node environment that asked; for sockets
// whose bytes an addon takes itself. Follows libuv's uv_poll_t (docs.libuv.org/en/v1.x/poll.html) with two
// additions: polling goes on after a socket error, which libuv reports once and then stops, and a worker
// thread that ends leaves nothing open behind.
#pragma once

#include "error.h"

#include <functional>
#include <uv.h>
#include <v8.h>

namespace pulsebox {

class Poll {
public:
  Poll() = default;
  Poll(const Poll &) = delete;
  Poll &operator=(const Poll &) = delete;
  ~Poll();

  /**
   * Calls `ready` whenever `descriptor` has something to read or an error to fetch, and `ended` if the
   * environment ends before `stop`: polling is over by then. Not twice without `stop` between.
   */
  Outcome start(v8::Isolate *isolate, int descriptor, std::function<void()> ready,
                std::function<void()> ended);
  /** May be called from `ready`, and before the descriptor is closed; nothing happens if it is not polling.
   */
  void stop();
  bool polling() const {
    return handle != nullptr;
  }

private:
  struct Handle;
  Handle *handle = nullptr;
};

} // namespace pulsebox
