// The class behind index.ts: an arp::Socket held by a JavaScript object (nan's ObjectWrap) and read by the
// event loop. While it watches, the object keeps itself alive; close() or the end of the environment lets it
// go.

#include "../common/binding.h"
#include "../common/poll.h"
#include "logic.h"

#include <memory>

namespace pulsebox::arp {

namespace {

constexpr const char *addon = "arp";
/** Packets taken in one turn of the event loop, so that a flood cannot starve the heartbeat. */
constexpr int packets_per_turn = 64;

class SocketObject : public Nan::ObjectWrap {
public:
  static NAN_MODULE_INIT(define) {
    v8::Local<v8::FunctionTemplate> type = Nan::New<v8::FunctionTemplate>(construct);
    type->SetClassName(Nan::New("Socket").ToLocalChecked());
    type->InstanceTemplate()->SetInternalFieldCount(1);
    Nan::SetPrototypeMethod(type, "mac", mac);
    Nan::SetPrototypeMethod(type, "announce", announce);
    Nan::SetPrototypeMethod(type, "watch", watch);
    Nan::SetPrototypeMethod(type, "close", close);
    Nan::Set(target, Nan::New("Socket").ToLocalChecked(), Nan::GetFunction(type).ToLocalChecked()).Check();
  }

private:
  explicit SocketObject(Socket opened) : socket(std::move(opened)) {}

  static NAN_METHOD(construct) {
    const auto interface = string_argument(info, 0);
    if (!interface)
      return;
    auto opened = Socket::open(*interface);
    if (!opened.ok())
      return throw_error(opened.error(), addon);
    (new SocketObject(std::move(opened.value())))->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  /** The open socket of `this`, or nothing with an EBADF thrown. */
  static SocketObject *open_socket(Nan::NAN_METHOD_ARGS_TYPE info, const char *attempted) {
    auto *self = Nan::ObjectWrap::Unwrap<SocketObject>(info.This());
    if (self->socket)
      return self;
    throw_error(Error{EBADF, attempted, "the socket was closed"}, addon);
    return nullptr;
  }

  static NAN_METHOD(mac) {
    auto *self = open_socket(info, "read the hardware address");
    if (self == nullptr)
      return;
    auto own = self->socket->mac();
    if (!own.ok())
      return throw_error(own.error(), addon);
    info.GetReturnValue().Set(to_javascript(format(own.value())));
  }

  static NAN_METHOD(announce) {
    auto *self = open_socket(info, "announce");
    if (self == nullptr)
      return;
    const auto address = string_argument(info, 0);
    const auto is_reply = address ? boolean_argument(info, 1) : std::nullopt;
    if (!is_reply)
      return;
    const auto sent = self->socket->announce(*address, *is_reply ? Operation::reply : Operation::request);
    if (!sent.ok())
      throw_error(sent.error(), addon);
  }

  static NAN_METHOD(watch) {
    auto *self = open_socket(info, "watch");
    if (self == nullptr)
      return;
    const auto on_packet = function_argument(info, 0);
    const auto on_error = on_packet ? function_argument(info, 1) : std::nullopt;
    if (!on_error)
      return;
    if (self->poll.polling())
      return throw_error(Error{EALREADY, "watch", "the socket is watched already"}, addon);
    const auto started =
        self->poll.start(info.GetIsolate(), self->socket->descriptor(), [self] { self->take_packets(); });
    if (!started.ok())
      return throw_error(started.error(), addon);
    self->on_packet = std::make_unique<Nan::Callback>(*on_packet);
    self->on_error = std::make_unique<Nan::Callback>(*on_error);
    self->Ref();
  }

  static NAN_METHOD(close) {
    auto *self = Nan::ObjectWrap::Unwrap<SocketObject>(info.This());
    if (self->poll.polling()) {
      self->poll.stop();
      self->Unref();
    }
    self->socket.reset();
  }

  void take_packets() {
    const Nan::HandleScope scope;
    // The callbacks may close the socket; the object must last until this turn is over.
    const v8::Local<v8::Object> keep = handle();
    static_cast<void>(keep);
    for (int taken = 0; taken < packets_per_turn && socket; taken++) {
      auto received = socket->receive();
      if (!received.ok())
        return call(*on_error, to_javascript(received.error(), addon));
      if (!received.value())
        return;
      call(*on_packet, to_object(*received.value()));
    }
  }

  void call(Nan::Callback &callback, v8::Local<v8::Value> argument) {
    Nan::AsyncResource resource("pulsebox:arp");
    callback.Call(1, &argument, &resource);
  }

  static v8::Local<v8::Value> to_object(const Packet &packet) {
    v8::Local<v8::Object> object = Nan::New<v8::Object>();
    set(object, "operation", packet.operation == Operation::request ? "request" : "reply");
    set(object, "senderMac", format(packet.sender_mac));
    set(object, "senderAddress", format(packet.sender_address));
    set(object, "targetMac", format(packet.target_mac));
    set(object, "targetAddress", format(packet.target_address));
    return object;
  }

  std::optional<Socket> socket;
  Poll poll;
  std::unique_ptr<Nan::Callback> on_packet;
  std::unique_ptr<Nan::Callback> on_error;
};

} // namespace

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, SocketObject::define)

} // namespace pulsebox::arp
