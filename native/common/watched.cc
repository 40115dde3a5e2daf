// A turn of the event loop for one watched object: the scope for its values, its life while callbacks run,
// and the limit that keeps a flood from starving the heartbeat. Asynchronous callbacks:
// https://github.com/nodejs/nan/blob/main/doc/asyncworker.md, AsyncResource.

#include "watched.h"

#include <cerrno>

namespace pulsebox {

namespace {

/** Things taken in one turn of the event loop, so that a flood cannot keep the timers waiting. */
constexpr int most_in_a_turn = 64;

} // namespace

Outcome WatchedDescriptor::start(int descriptor) {
  const auto ready = [this] {
    const Nan::HandleScope scope;
    // A callback may stop this and drop the last reference to it.
    [[maybe_unused]] const v8::Local<v8::Object> alive = handle();
    on_readable();
  };
  const Outcome started =
      poll.start(v8::Isolate::GetCurrent(), descriptor, ready, [this] { on_thread_end(); });
  if (started.ok())
    Ref();
  return started;
}

void WatchedDescriptor::stop() {
  if (!poll.polling())
    return;
  poll.stop();
  Unref();
}

void WatchedDescriptor::call(Nan::Callback &callback, Values arguments) {
  // Not a member: V8 must not be called where it destroys this object, in the middle of a collection.
  Nan::AsyncResource resource((std::string("pulsebox:") + addon_name).c_str());
  callback.Call(static_cast<int>(arguments.size()), arguments.data(), &resource);
}

NAN_METHOD(WatchedSocket::watch) {
  auto *self = Nan::ObjectWrap::Unwrap<WatchedSocket>(info.This());
  const auto on_taken = function_argument(info, 0);
  const auto on_error = on_taken ? function_argument(info, 1) : std::nullopt;
  if (!on_error)
    return;
  if (!self->descriptor().is_open())
    return throw_error(Error{EBADF, "watch", "it was closed"}, self->addon_name);
  if (self->is_watching())
    return throw_error(Error{EALREADY, "watch", "it is watched already"}, self->addon_name);
  self->on_taken.Reset(*on_taken);
  self->on_error.Reset(*on_error);
  throw_if_failed(self->start(self->descriptor().get()), self->addon_name);
}

NAN_METHOD(WatchedSocket::close) {
  auto *self = Nan::ObjectWrap::Unwrap<WatchedSocket>(info.This());
  self->stop();
  self->descriptor().close();
}

void WatchedSocket::on_thread_end() {
  descriptor().close();
}

void WatchedSocket::report(Values arguments) {
  call(on_taken, arguments);
}

void WatchedSocket::on_readable() {
  for (int taken = 0; taken < most_in_a_turn && descriptor().is_open(); taken++) {
    auto more = take_one();
    if (!more.ok()) {
      v8::Local<v8::Value> error[] = {to_javascript(more.error(), addon_name)};
      return call(on_error, error);
    }
    if (!more.value())
      return;
  }
}

} // namespace pulsebox
