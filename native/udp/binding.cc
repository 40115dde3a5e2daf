// The thin half of the udp addon: one wrapped object per endpoint, and libuv's poll handle
// (docs.libuv.org/en/v1.x/poll.html) that calls back for each datagram. The object keeps itself alive while
// it is open.

#include "../common/binding.h"
#include "../common/poll.h"
#include "logic.h"

#include <array>
#include <unistd.h>

namespace pulsebox::udp {

namespace {

constexpr const char *addon = "udp";
/** Datagrams taken in one turn of the event loop, so that a flood cannot keep the timers waiting. */
constexpr int most_in_a_turn = 64;

thread_local std::array<uint8_t, longest_datagram> buffer;

class UdpSocket : public Nan::ObjectWrap {
public:
  static void define(v8::Local<v8::Object> target) {
    v8::Local<v8::FunctionTemplate> constructor = Nan::New<v8::FunctionTemplate>(create);
    constructor->SetClassName(Nan::New("UdpSocket").ToLocalChecked());
    constructor->InstanceTemplate()->SetInternalFieldCount(1);
    Nan::SetPrototypeMethod(constructor, "send", send);
    Nan::SetPrototypeMethod(constructor, "watch", watch);
    Nan::SetPrototypeMethod(constructor, "close", close);
    Nan::SetPrototypeMethod(constructor, "describe", describe);
    Nan::Set(target, Nan::New("UdpSocket").ToLocalChecked(), Nan::GetFunction(constructor).ToLocalChecked())
        .Check();
  }

private:
  explicit UdpSocket(Endpoint opened) : endpoint(std::move(opened)) {}

  ~UdpSocket() override {
    release();
  }

  static UdpSocket *self(const Nan::FunctionCallbackInfo<v8::Value> &info) {
    return Nan::ObjectWrap::Unwrap<UdpSocket>(info.Holder());
  }

  static NAN_METHOD(create) {
    Settings settings;
    const auto interface = string_argument(info, 0);
    const auto port = integer_argument(info, 1);
    const auto form = string_argument(info, 2);
    const auto destination = string_argument(info, 3);
    const auto ttl = integer_argument(info, 4);
    const auto loop = boolean_argument(info, 5);
    if (!interface || !port || !form || !destination || !ttl || !loop)
      return;
    settings.interface = *interface;
    settings.port = static_cast<uint16_t>(*port);
    settings.form = *form == "broadcast" ? Form::broadcast
                    : *form == "unicast" ? Form::unicast
                                         : Form::multicast;
    settings.destination = *destination;
    settings.ttl = static_cast<int>(*ttl);
    settings.loop = *loop;
    auto opened = open_endpoint(settings);
    if (!opened.ok())
      return throw_error(opened.error(), addon);
    auto *socket = new UdpSocket(std::move(opened.value()));
    socket->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(send) {
    UdpSocket *socket = self(info);
    if (!node::Buffer::HasInstance(info[0]))
      return Nan::ThrowTypeError("argument 0 must be a Uint8Array");
    const auto *bytes = reinterpret_cast<const uint8_t *>(node::Buffer::Data(info[0]));
    const Outcome outcome = send_datagram(socket->endpoint, bytes, node::Buffer::Length(info[0]));
    if (!outcome.ok())
      throw_error(outcome.error(), addon);
  }

  static NAN_METHOD(watch) {
    UdpSocket *socket = self(info);
    const auto on_datagram = function_argument(info, 0);
    if (!on_datagram)
      return;
    const auto on_error = function_argument(info, 1);
    if (!on_error)
      return;
    if (socket->poll.polling())
      return Nan::ThrowError("watch may be called once");
    socket->on_datagram.Reset(*on_datagram);
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

  static NAN_METHOD(describe) {
    info.GetReturnValue().Set(to_javascript(udp::describe(self(info)->endpoint)));
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
      auto received = receive_datagram(endpoint, buffer.data());
      if (!received.ok()) {
        v8::Local<v8::Value> argument = to_javascript(received.error(), addon);
        call(on_error, 1, &argument);
        return;
      }
      if (!received.value().has_value())
        return;
      const Datagram &datagram = *received.value();
      const auto *bytes = reinterpret_cast<const char *>(buffer.data());
      v8::Local<v8::Value> arguments[] = {
          Nan::CopyBuffer(bytes, static_cast<uint32_t>(datagram.length)).ToLocalChecked(),
          to_javascript(datagram.source)};
      call(on_datagram, 2, arguments);
    }
  }

  void call(Nan::Callback &callback, int count, v8::Local<v8::Value> *arguments) {
    // Not a member: V8 must not be called where it destroys this object, in the middle of a collection.
    Nan::AsyncResource resource("pulsebox:udp");
    callback.Call(count, arguments, &resource);
  }

  Endpoint endpoint;
  Poll poll;
  Nan::Callback on_datagram;
  Nan::Callback on_error;
};

} // namespace

NAN_MODULE_INIT(init) {
  UdpSocket::define(target);
}

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, init)

} // namespace pulsebox::udp
