// The thin half of the udp addon: one wrapped object per endpoint, over logic.h. index.ts checks the
// arguments.

#include "../common/watched.h"
#include "logic.h"

#include <array>

namespace pulsebox::udp {

namespace {

constexpr const char *addon = "udp";

thread_local std::array<uint8_t, longest_datagram> buffer;

class UdpSocket : public WatchedSocket {
public:
  static NAN_MODULE_INIT(define) {
    export_class(target, "UdpSocket", create, {{"send", send}, {"watch", watch}, {"close", close}});
  }

private:
  explicit UdpSocket(Endpoint opened) : WatchedSocket(addon), endpoint(std::move(opened)) {}

  static NAN_METHOD(create) {
    Settings settings;
    const auto interface = string_argument(info, 0);
    const auto port = interface ? integer_argument(info, 1) : std::nullopt;
    const auto form = port ? string_argument(info, 2) : std::nullopt;
    const auto destination = form ? string_argument(info, 3) : std::nullopt;
    const auto ttl = destination ? integer_argument(info, 4) : std::nullopt;
    const auto loop = ttl ? boolean_argument(info, 5) : std::nullopt;
    if (!loop)
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
    (new UdpSocket(std::move(opened.value())))->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(send) {
    const auto *self = Nan::ObjectWrap::Unwrap<UdpSocket>(info.This());
    const auto bytes = bytes_argument(info, 0);
    if (bytes)
      throw_if_failed(send_datagram(self->endpoint, *bytes), addon);
  }

  Descriptor &descriptor() override {
    return endpoint.descriptor;
  }

  Result<bool> take_one() override {
    auto received = receive_datagram(endpoint, buffer);
    if (!received.ok())
      return received.error();
    if (!received.value())
      return false;
    const Datagram &datagram = *received.value();
    v8::Local<v8::Value> arguments[] = {to_javascript(datagram.bytes), to_javascript(datagram.source)};
    report(arguments);
    return true;
  }

  Endpoint endpoint;
};

} // namespace

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, UdpSocket::define)

} // namespace pulsebox::udp
