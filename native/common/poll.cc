// The libuv handle behind Poll. libuv frees nothing itself: the handle lives until its close callback, which
// may come after the Poll is gone, so it is an object of its own. The end of the environment waits for that
// callback (nodejs.org/api/addons.html, AddEnvironmentCleanupHook with an asynchronous function): afterwards
// Node may unload the addon, and with it the callback's code.

#include "poll.h"

#include <node.h>
#include <utility>

namespace pulsebox {

struct Poll::Handle {
  uv_poll_t poll = {};
  std::function<void()> ready;
  std::function<void()> ended;
  Poll *owner = nullptr;
  node::AsyncCleanupHookHandle hook;
  /** Tells Node that it may go on ending. */
  std::function<void()> closed = [] {};

  static void on_ready(uv_poll_t *poll, int status, int) {
    auto *self = static_cast<Handle *>(poll->data);
    // A copy: `ready` may stop the poll, and the handle's own function must outlive its call.
    const std::function<void()> ready = self->ready;
    if (status < 0)
      uv_poll_start(poll, UV_READABLE, on_ready);
    ready();
  }

  static void on_environment_end(void *handle, void (*done)(void *), void *argument) {
    auto *self = static_cast<Handle *>(handle);
    self->closed = [done, argument] { done(argument); };
    self->owner->stop();
    self->ended();
  }

  static void on_closed(uv_handle_t *poll) {
    auto *self = static_cast<Handle *>(poll->data);
    const std::function<void()> closed = std::move(self->closed);
    delete self;
    closed();
  }
};

Poll::~Poll() {
  stop();
}

Outcome Poll::start(v8::Isolate *isolate, int descriptor, std::function<void()> ready,
                    std::function<void()> ended) {
  uv_loop_t *loop = node::GetCurrentEventLoop(isolate);
  auto *made = new Handle();
  const int refused = uv_poll_init(loop, &made->poll, descriptor);
  if (refused != 0) {
    delete made;
    return Error{-refused, "poll descriptor " + std::to_string(descriptor)};
  }
  made->poll.data = made;
  made->ready = std::move(ready);
  made->ended = std::move(ended);
  made->owner = this;
  made->hook = node::AddEnvironmentCleanupHook(isolate, Handle::on_environment_end, made);
  handle = made;
  uv_poll_start(&made->poll, UV_READABLE, Handle::on_ready);
  return Nothing{};
}

void Poll::stop() {
  if (handle == nullptr)
    return;
  Handle *closing = std::exchange(handle, nullptr);
  node::RemoveEnvironmentCleanupHook(std::move(closing->hook));
  uv_close(reinterpret_cast<uv_handle_t *>(&closing->poll), Handle::on_closed);
}

} // namespace pulsebox
