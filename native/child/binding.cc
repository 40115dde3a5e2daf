// The thin half of the child addon: nan functions over logic.h. A start runs on a thread of libuv's pool
// (docs.libuv.org/en/v1.x/threadpool.html), so that the event loop never waits for a program to be executed.

#include "../common/watched.h"
#include "logic.h"

namespace pulsebox::child {

namespace {

constexpr const char *addon = "child";

class Start : public Nan::AsyncWorker {
public:
  Start(Request request, v8::Local<v8::Function> started)
      : Nan::AsyncWorker(new Nan::Callback(started), "pulsebox:child"), request(std::move(request)) {}

  void Execute() override {
    outcome = child::start(request);
  }

  void HandleOKCallback() override {
    Nan::HandleScope scope;
    v8::Local<v8::Value> arguments[] = {Nan::Undefined(), Nan::Undefined()};
    if (outcome.ok()) {
      const Child &child = outcome.value();
      v8::Local<v8::Object> made = Nan::New<v8::Object>();
      set(made, "pid", static_cast<double>(child.pid));
      set(made, "watch", static_cast<double>(child.watch));
      set(made, "output", static_cast<double>(child.output));
      set(made, "channel", static_cast<double>(child.channel));
      arguments[1] = made;
    } else {
      arguments[0] = to_javascript(outcome.error(), addon);
    }
    callback->Call(2, arguments, async_resource);
  }

private:
  Request request;
  Result<Child> outcome = Error{};
};

NAN_METHOD(start) {
  auto command = strings_argument(info, 0);
  auto environment = command ? strings_argument(info, 1) : std::nullopt;
  if (!environment)
    return;
  const auto user = string_argument(info, 2);
  const auto channel = user ? boolean_argument(info, 3) : std::nullopt;
  if (!channel)
    return;
  const auto started = function_argument(info, 4);
  if (!started)
    return;
  Request request{std::move(*command), std::move(*environment), *user, *channel};
  Nan::AsyncQueueWorker(new Start(std::move(request), *started));
}

NAN_METHOD(collect) {
  const auto watch = integer_argument(info, 0);
  if (!watch)
    return;
  auto end = child::collect(static_cast<int>(*watch));
  if (!end.ok())
    return throw_error(end.error(), addon);
  if (!end.value().has_value())
    return;
  v8::Local<v8::Object> result = Nan::New<v8::Object>();
  set(result, end.value()->by_signal ? "signal" : "code", static_cast<double>(end.value()->number));
  info.GetReturnValue().Set(result);
}

NAN_METHOD(signal_group) {
  const auto pid = integer_argument(info, 0);
  const auto signal = pid ? integer_argument(info, 1) : std::nullopt;
  if (!signal)
    return;
  throw_if_failed(child::signal_group(static_cast<pid_t>(*pid), static_cast<int>(*signal)), addon);
}

/** Calls back while a descriptor of somebody else can be read, until it is stopped. */
class Readable : public WatchedDescriptor {
public:
  static NAN_MODULE_INIT(define) {
    export_class(target, "Readable", construct, {{"stop", stop}});
  }

private:
  explicit Readable(v8::Local<v8::Function> ready) : WatchedDescriptor(addon), ready(ready) {}

  static NAN_METHOD(construct) {
    const auto descriptor = integer_argument(info, 0);
    const auto ready = descriptor ? function_argument(info, 1) : std::nullopt;
    if (!ready)
      return;
    auto *made = new Readable(*ready);
    made->Wrap(info.This());
    throw_if_failed(made->start(static_cast<int>(*descriptor)), addon);
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(stop) {
    Nan::ObjectWrap::Unwrap<Readable>(info.This())->WatchedDescriptor::stop();
  }

  void on_readable() override {
    call(ready, {});
  }

  Nan::Callback ready;
};

} // namespace

NAN_MODULE_INIT(init) {
  Nan::SetMethod(target, "start", start);
  Nan::SetMethod(target, "collect", collect);
  Nan::SetMethod(target, "signalGroup", signal_group);
  Readable::define(target);
}

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, init)

} // namespace pulsebox::child
