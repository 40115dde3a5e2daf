// The thin half of the child addon: nan functions over logic.h. A start runs on a thread of libuv's pool
// (docs.libuv.org/en/v1.x/threadpool.html), so that the event loop never waits for a program to be executed.

#include "../common/binding.h"
#include "../common/poll.h"
#include "logic.h"

#include <memory>

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

std::optional<std::vector<std::string>> texts_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                       int index) {
  if (!info[index]->IsArray()) {
    Nan::ThrowTypeError("argument must be an array of strings");
    return std::nullopt;
  }
  const auto array = info[index].As<v8::Array>();
  std::vector<std::string> texts;
  for (uint32_t each = 0; each < array->Length(); each++) {
    const Nan::Utf8String text(Nan::Get(array, each).ToLocalChecked());
    texts.emplace_back(*text, static_cast<size_t>(text.length()));
  }
  return texts;
}

NAN_METHOD(start) {
  auto command = texts_argument(info, 0);
  auto environment = command ? texts_argument(info, 1) : std::nullopt;
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
  const Outcome outcome = child::signal_group(static_cast<pid_t>(*pid), static_cast<int>(*signal));
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

/** Calls back while a descriptor can be read, until it is stopped. */
class Readable : public Nan::ObjectWrap {
public:
  static void define(v8::Local<v8::Object> target) {
    v8::Local<v8::FunctionTemplate> kind = Nan::New<v8::FunctionTemplate>(make);
    kind->SetClassName(Nan::New("Readable").ToLocalChecked());
    kind->InstanceTemplate()->SetInternalFieldCount(1);
    Nan::SetPrototypeMethod(kind, "stop", stop);
    Nan::Set(target, Nan::New("Readable").ToLocalChecked(), Nan::GetFunction(kind).ToLocalChecked()).Check();
  }

private:
  static NAN_METHOD(make) {
    const auto descriptor = integer_argument(info, 0);
    if (!descriptor)
      return;
    const auto ready = function_argument(info, 1);
    if (!ready)
      return;
    auto *made = new Readable();
    made->Wrap(info.This());
    made->ready.Reset(*ready);
    const Outcome outcome = made->poll.start(info.GetIsolate(), static_cast<int>(*descriptor), [made] {
      Nan::HandleScope scope;
      // The callback may stop it and drop the last reference to it.
      [[maybe_unused]] const v8::Local<v8::Object> alive = made->handle();
      // Not a member: V8 must not be called where it destroys this object, in the middle of a collection.
      Nan::AsyncResource resource("pulsebox:child");
      made->ready.Call(0, nullptr, &resource);
    });
    if (!outcome.ok())
      return throw_error(outcome.error(), addon);
    made->Ref();
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(stop) {
    auto *self = Nan::ObjectWrap::Unwrap<Readable>(info.This());
    if (!self->poll.polling())
      return;
    self->poll.stop();
    self->Unref();
  }

  Poll poll;
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
