// The thin half of the icmp addon: one wrapped object per address family, over logic.h. index.ts checks the
// arguments.

#include "../common/watched.h"
#include "logic.h"

#include <array>

namespace pulsebox::icmp {

namespace {

constexpr const char *addon = "icmp";

thread_local std::array<uint8_t, buffer_length> buffer;

class IcmpSocket : public WatchedSocket {
public:
  static NAN_MODULE_INIT(define) {
    export_class(target, "IcmpSocket", create, {{"send", send}, {"watch", watch}, {"close", close}});
  }

private:
  explicit IcmpSocket(Endpoint opened) : WatchedSocket(addon), endpoint(std::move(opened)) {}

  static NAN_METHOD(create) {
    const auto ipv6 = boolean_argument(info, 0);
    const auto identifier = ipv6 ? integer_argument(info, 1) : std::nullopt;
    if (!identifier)
      return;
    auto opened = open_endpoint(*ipv6 ? Family::ipv6 : Family::ipv4, static_cast<uint16_t>(*identifier));
    if (!opened.ok())
      return throw_error(opened.error(), addon);
    (new IcmpSocket(std::move(opened.value())))->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(send) {
    const auto *self = Nan::ObjectWrap::Unwrap<IcmpSocket>(info.This());
    const auto target = string_argument(info, 0);
    const auto sequence = target ? integer_argument(info, 1) : std::nullopt;
    const auto payload = sequence ? bytes_argument(info, 2) : std::nullopt;
    if (payload)
      throw_if_failed(send_echo(self->endpoint, *target, static_cast<uint16_t>(*sequence), *payload), addon);
  }

  Descriptor &descriptor() override {
    return endpoint.descriptor;
  }

  Result<bool> take_one() override {
    auto received = receive_reply(endpoint, buffer);
    if (!received.ok())
      return received.error();
    if (!received.value())
      return false;
    const Reply &reply = *received.value();
    v8::Local<v8::Value> arguments[] = {to_javascript(reply.payload), to_javascript(reply.source),
                                        Nan::New(reply.sequence)};
    report(arguments);
    return true;
  }

  Endpoint endpoint;
};

} // namespace

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, IcmpSocket::define)

} // namespace pulsebox::icmp
