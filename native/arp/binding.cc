// The thin half of the arp addon: one wrapped arp::Socket per interface. index.ts describes the packets.

#include "../common/watched.h"
#include "logic.h"

namespace pulsebox::arp {

namespace {

constexpr const char *addon = "arp";

v8::Local<v8::Value> to_object(const Packet &packet) {
  v8::Local<v8::Object> object = Nan::New<v8::Object>();
  set(object, "operation", packet.operation == Operation::request ? "request" : "reply");
  set(object, "senderMac", format(packet.sender_mac));
  set(object, "senderAddress", format(packet.sender_address));
  set(object, "targetMac", format(packet.target_mac));
  set(object, "targetAddress", format(packet.target_address));
  return object;
}

class SocketObject : public WatchedSocket {
public:
  static NAN_MODULE_INIT(define) {
    export_class(target, "Socket", construct,
                 {{"mac", mac}, {"announce", announce}, {"watch", watch}, {"close", close}});
  }

private:
  explicit SocketObject(Socket opened) : WatchedSocket(addon), socket(std::move(opened)) {}

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

  static NAN_METHOD(mac) {
    const auto *self = Nan::ObjectWrap::Unwrap<SocketObject>(info.This());
    auto own = self->socket.mac();
    if (!own.ok())
      return throw_error(own.error(), addon);
    info.GetReturnValue().Set(to_javascript(format(own.value())));
  }

  static NAN_METHOD(announce) {
    const auto *self = Nan::ObjectWrap::Unwrap<SocketObject>(info.This());
    const auto address = string_argument(info, 0);
    const auto is_reply = address ? boolean_argument(info, 1) : std::nullopt;
    if (!is_reply)
      return;
    const Operation form = *is_reply ? Operation::reply : Operation::request;
    throw_if_failed(self->socket.announce(*address, form), addon);
  }

  Descriptor &descriptor() override {
    return socket.descriptor();
  }

  Result<bool> take_one() override {
    auto received = socket.receive();
    if (!received.ok())
      return received.error();
    if (!received.value())
      return false;
    v8::Local<v8::Value> arguments[] = {to_object(*received.value())};
    report(arguments);
    return true;
  }

  Socket socket;
};

} // namespace

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, SocketObject::define)

} // namespace pulsebox::arp
