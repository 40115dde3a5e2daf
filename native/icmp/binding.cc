// The thin half of the icmp addon: one wrapped object per address family, and libuv's poll handle
// (docs.libuv.org/en/v1.x/poll.html) that calls back for each reply. The object keeps itself alive while it
// is open.

#include "../common/binding.h"
#include "../common/poll.h"
#include "logic.h"

#include <array>
#include <unistd.h>

namespace pulsebox::icmp {

namespace {

constexpr const char *addon = "icmp";
/** Replies taken in one turn of the event loop, so that a flood cannot keep the timers waiting. */
constexpr int most_in_a_turn = 64;

thread_local std::array<uint8_t, buffer_length> buffer;

class IcmpSocket : public Nan::ObjectWrap {
public:
  static void define(v8::Local<v8::Object> target) {
    v8::Local<v8::FunctionTemplate> constructor = Nan::New<v8::FunctionTemplate>(create);
    constructor->SetClassName(Nan::New("IcmpSocket").ToLocalChecked());
    constructor->InstanceTemplate()->SetInternalFieldCount(1);
    Nan::SetPrototypeMethod(constructor, "send", send);
    Nan::SetPrototypeMethod(constructor, "watch", watch);
    Nan::SetPrototypeMethod(constructor, "close", close);
    Nan::Set(target, Nan::New("IcmpSocket").ToLocalChecked(), Nan::GetFunction(constructor).ToLocalChecked())
        .Check();
  }

private:
  explicit IcmpSocket(Endpoint opened) : endpoint(opened) {}

  ~IcmpSocket() override {
    release();
  }

  static IcmpSocket *self(const Nan::FunctionCallbackInfo<v8::Value> &info) {
    return Nan::ObjectWrap::Unwrap<IcmpSocket>(info.Holder());
  }

  static NAN_METHOD(create) {
    const auto ipv6 = boolean_argument(info, 0);
    const auto identifier = integer_argument(info, 1);
    if (!ipv6 || !identifier)
      return;
    auto opened = open_endpoint(*ipv6 ? Family::ipv6 : Family::ipv4, static_cast<uint16_t>(*identifier));
    if (!opened.ok())
      return throw_error(opened.error(), addon);
    auto *socket = new IcmpSocket(opened.value());
    socket->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(send) {
    const auto target = string_argument(info, 0);
    const auto sequence = integer_argument(info, 1);
    if (!target || !sequence)
      return;
    if (!node::Buffer::HasInstance(info[2]))
      return Nan::ThrowTypeError("argument 2 must be a Uint8Array");
    const auto *bytes = reinterpret_cast<const uint8_t *>(node::Buffer::Data(info[2]));
    const Outcome outcome = send_echo(self(info)->endpoint, *target, static_cast<uint16_t>(*sequence), bytes,
                                      node::Buffer::Length(info[2]));
    if (!outcome.ok())
      throw_error(outcome.error(), addon);
  }

  static NAN_METHOD(watch) {
    IcmpSocket *socket = self(info);
    const auto on_reply = function_argument(info, 0);
    if (!on_reply)
      return;
    const auto on_error = function_argument(info, 1);
    if (!on_error)
      return;
    if (socket->poll.polling())
      return Nan::ThrowError("watch may be called once");
    socket->on_reply.Reset(*on_reply);
    socket->on_error.Reset(*on_error);
    const Outcome outcome = socket->poll.start(info.GetIsolate(), socket->endpoint.descriptor,
                                               [socket] { socket->take_waiting(); });
    if (!outcome.ok())
      return throw_error(outcome.error(), addon);
    socket->Ref();
  }

  static NAN_METHOD(close) {
    self(info)->release();
  }

  /** Closing a second time does nothing. */
  void release() {
    if (endpoint.descriptor < 0)
      return;
    if (poll.polling()) {
      poll.stop();
      Unref();
    }
    ::close(endpoint.descriptor);
    endpoint.descriptor = -1;
  }

  void take_waiting() {
    Nan::HandleScope scope;
    // A callback may close the socket and drop the last reference to it.
    [[maybe_unused]] const v8::Local<v8::Object> alive = handle();
    for (int taken = 0; taken < most_in_a_turn && endpoint.descriptor >= 0; taken++) {
      auto received = receive_reply(endpoint, buffer.data());
      if (!received.ok()) {
        v8::Local<v8::Value> argument = to_javascript(received.error(), addon);
        call(on_error, 1, &argument);
        return;
      }
      if (!received.value().has_value())
        return;
      const Reply &reply = *received.value();
      const auto *bytes = reinterpret_cast<const char *>(buffer.data()) + reply.offset;
      v8::Local<v8::Value> arguments[] = {
          Nan::CopyBuffer(bytes, static_cast<uint32_t>(reply.length)).ToLocalChecked(),
          to_javascript(reply.source), Nan::New(reply.sequence)};
      call(on_reply, 3, arguments);
    }
  }

  void call(Nan::Callback &callback, int count, v8::Local<v8::Value> *arguments) {
    // Not a member: V8 must not be called where it destroys this object, in the middle of a collection.
    Nan::AsyncResource resource("pulsebox:icmp");
    callback.Call(count, arguments, &resource);
  }

  Endpoint endpoint;
  Poll poll;
  Nan::Callback on_reply;
  Nan::Callback on_error;
};

} // namespace

NAN_MODULE_INIT(init) {
  IcmpSocket::define(target);
}

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, init)

} // namespace pulsebox::icmp
