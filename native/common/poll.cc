// The libuv handle behind Poll. libuv frees nothing itself: the handle lives until its close callback, which
// may come after the Poll is gone, so it is an object of its own. Clean-up hook: node.h,
// AddEnvironmentCleanupHook.

#include "poll.h"

#include <node.h>

namespace pulsebox {

struct Poll::Handle {
  uv_poll_t poll = {};
  std::function<void()> ready;
  v8::Isolate *isolate = nullptr;

  static void on_ready(uv_poll_t *poll, int status, int) {
    auto *self = static_cast<Handle *>(poll->data);
    // A copy: `ready` may stop the poll, and the handle's own function must outlive its call.
    const std::function<void()> ready = self->ready;
    if (status < 0)
      uv_poll_start(poll, UV_READABLE, on_ready);
    ready();
  }
};

namespace {

void stop_at_exit(void *poll) {
  static_cast<Poll *>(poll)->stop();
}

} // namespace

Poll::~Poll() {
  stop();
}

Outcome Poll::start(v8::Isolate *isolate, int descriptor, std::function<void()> ready) {
  uv_loop_t *loop = node::GetCurrentEventLoop(isolate);
  auto *made = new Handle();
  const int refused = uv_poll_init(loop, &made->poll, descriptor);
  if (refused != 0) {
    delete made;
    return Error{-refused, "poll descriptor " + std::to_string(descriptor)};
  }
  made->poll.data = made;
  made->ready = std::move(ready);
  made->isolate = isolate;
  handle = made;
  uv_poll_start(&made->poll, UV_READABLE, Handle::on_ready);
  node::AddEnvironmentCleanupHook(isolate, stop_at_exit, this);
  return Nothing{};
}

void Poll::stop() {
  if (handle == nullptr)
    return;
  Handle *closing = handle;
  handle = nullptr;
  node::RemoveEnvironmentCleanupHook(closing->isolate, stop_at_exit, this);
  uv_close(reinterpret_cast<uv_handle_t *>(&closing->poll),
           [](uv_handle_t *closed) { delete static_cast<Handle *>(closed->data); });
}

} // namespace pulsebox
