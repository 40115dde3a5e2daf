// The functions behind index.ts. Arguments come one by one with undefined for what was left out; results go
// back as plain objects with such members absent.

#include "../common/watched.h"
#include "logic.h"

namespace pulsebox::ipalias {

namespace {

constexpr const char *addon = "ipalias";

using Arguments = Nan::NAN_METHOD_ARGS_TYPE;

void set(v8::Local<v8::Object> object, const char *key, const std::optional<std::string> &value) {
  if (value)
    pulsebox::set(object, key, *value);
}

/** Argument `index`, or nothing for undefined; `broken` when it has another type and a TypeError is pending.
 */
std::optional<std::string> optional_string(Arguments info, int index, bool &broken) {
  if (info[index]->IsUndefined())
    return std::nullopt;
  auto text = string_argument(info, index);
  broken = broken || !text;
  return text;
}

v8::Local<v8::Value> to_object(const Address &address) {
  v8::Local<v8::Object> object = Nan::New<v8::Object>();
  pulsebox::set(object, "interface", address.interface);
  pulsebox::set(object, "family", address.family == AF_INET ? 4.0 : 6.0);
  pulsebox::set(object, "address", address.address);
  pulsebox::set(object, "prefixLength", static_cast<double>(address.prefix_length));
  set(object, "broadcast", address.broadcast);
  set(object, "label", address.label);
  pulsebox::set(object, "scope", address.scope);
  pulsebox::set(object, "secondary", address.secondary);
  return object;
}

v8::Local<v8::Value> to_object(const Link &link) {
  v8::Local<v8::Object> object = Nan::New<v8::Object>();
  pulsebox::set(object, "index", static_cast<double>(link.index));
  pulsebox::set(object, "name", link.name);
  set(object, "kind", link.kind);
  pulsebox::set(object, "mac", link.mac);
  pulsebox::set(object, "mtu", static_cast<double>(link.mtu));
  pulsebox::set(object, "up", link.up);
  pulsebox::set(object, "carrier", link.carrier);
  pulsebox::set(object, "loopback", link.loopback);
  return object;
}

v8::Local<v8::Value> to_object(const Route &route) {
  v8::Local<v8::Object> object = Nan::New<v8::Object>();
  pulsebox::set(object, "destination", route.destination);
  pulsebox::set(object, "prefixLength", static_cast<double>(route.prefix_length));
  pulsebox::set(object, "interface", route.interface);
  set(object, "gateway", route.gateway);
  if (route.metric)
    pulsebox::set(object, "metric", static_cast<double>(*route.metric));
  set(object, "source", route.source);
  return object;
}

template <typename T> v8::Local<v8::Value> to_array(const std::vector<T> &rows) {
  v8::Local<v8::Array> array = Nan::New<v8::Array>(static_cast<int>(rows.size()));
  uint32_t index = 0;
  for (const T &row : rows)
    Nan::Set(array, index++, to_object(row)).Check();
  return array;
}

template <typename T> void give(Arguments info, Result<std::vector<T>> rows) {
  if (!rows.ok())
    return throw_error(rows.error(), addon);
  info.GetReturnValue().Set(to_array(rows.value()));
}

void give(const Outcome &outcome) {
  throw_if_failed(outcome, addon);
}

NAN_METHOD(addAddress) {
  const auto interface = string_argument(info, 0);
  const auto address = interface ? string_argument(info, 1) : std::nullopt;
  const auto prefix_length = address ? integer_argument(info, 2) : std::nullopt;
  if (!prefix_length)
    return;
  bool broken = false;
  const auto broadcast = optional_string(info, 3, broken);
  const auto label = optional_string(info, 4, broken);
  if (!broken)
    give(add_address({*interface, *address, static_cast<int>(*prefix_length), broadcast, label}));
}

NAN_METHOD(deleteAddress) {
  const auto interface = string_argument(info, 0);
  const auto address = interface ? string_argument(info, 1) : std::nullopt;
  const auto prefix_length = address ? integer_argument(info, 2) : std::nullopt;
  if (prefix_length)
    give(delete_address(*interface, *address, static_cast<int>(*prefix_length)));
}

NAN_METHOD(listAddresses) {
  give(info, list_addresses());
}

NAN_METHOD(listLinks) {
  give(info, list_links());
}

NAN_METHOD(listRoutes) {
  give(info, list_routes());
}

NAN_METHOD(setLinkUp) {
  const auto name = string_argument(info, 0);
  const auto up = name ? boolean_argument(info, 1) : std::nullopt;
  if (up)
    give(set_link_up(*name, *up));
}

NAN_METHOD(addDefaultRoute) {
  const auto gateway = string_argument(info, 0);
  if (!gateway)
    return;
  bool broken = false;
  DefaultRoute wanted{*gateway, optional_string(info, 1, broken), std::nullopt};
  if (!broken && !info[2]->IsUndefined()) {
    const auto metric = integer_argument(info, 2);
    broken = !metric;
    wanted.metric = static_cast<uint32_t>(metric.value_or(0));
  }
  if (!broken)
    give(add_default_route(wanted));
}

NAN_METHOD(lookUpRoute) {
  const auto address = string_argument(info, 0);
  if (!address)
    return;
  auto route = look_up_route(*address);
  if (!route.ok())
    return throw_error(route.error(), addon);
  info.GetReturnValue().Set(to_object(route.value()));
}

class Monitor : public WatchedSocket {
public:
  static NAN_MODULE_INIT(define) {
    export_class(target, "Monitor", construct, {{"watch", watch}, {"close", close}});
  }

private:
  explicit Monitor(netlink::Socket opened) : WatchedSocket(addon), socket(std::move(opened)) {}

  static NAN_METHOD(construct) {
    auto opened = open_monitor();
    if (!opened.ok())
      return throw_error(opened.error(), addon);
    (new Monitor(std::move(opened.value())))->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  Descriptor &descriptor() override {
    return socket.descriptor();
  }

  /** Changes that arrive together are told together: one report is all that a turn has. */
  Result<bool> take_one() override {
    auto taken = read_changes(socket);
    if (!taken.ok())
      return taken.error();
    const Changes &changes = taken.value();
    v8::Local<v8::Value> arguments[] = {to_array(changes.links), Nan::New(changes.addresses),
                                        Nan::New(changes.routes), Nan::New(changes.overrun)};
    report(arguments);
    return false;
  }

  netlink::Socket socket;
};

NAN_MODULE_INIT(define) {
  NAN_EXPORT(target, addAddress);
  NAN_EXPORT(target, deleteAddress);
  NAN_EXPORT(target, listAddresses);
  NAN_EXPORT(target, listLinks);
  NAN_EXPORT(target, listRoutes);
  NAN_EXPORT(target, setLinkUp);
  NAN_EXPORT(target, addDefaultRoute);
  NAN_EXPORT(target, lookUpRoute);
  Monitor::define(target);
}

} // namespace

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, define)

} // namespace pulsebox::ipalias
