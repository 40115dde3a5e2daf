// The thin half of the serial addon: nan functions over logic.h. index.ts checks the arguments.

#include "../common/binding.h"
#include "logic.h"

namespace pulsebox::serial {

namespace {

constexpr const char *addon = "serial";

std::optional<int> descriptor_argument(const Nan::FunctionCallbackInfo<v8::Value> &info) {
  const auto descriptor = integer_argument(info, 0);
  if (!descriptor)
    return std::nullopt;
  return static_cast<int>(*descriptor);
}

/** `object[key]` if it is there. */
std::optional<bool> optional_flag(v8::Local<v8::Object> object, const char *key) {
  v8::Local<v8::Value> value = Nan::Get(object, Nan::New(key).ToLocalChecked()).ToLocalChecked();
  if (!value->IsBoolean())
    return std::nullopt;
  return value->IsTrue();
}

NAN_METHOD(modem_lines) {
  const auto descriptor = descriptor_argument(info);
  if (!descriptor)
    return;
  auto lines = serial::modem_lines(*descriptor);
  if (!lines.ok())
    return throw_error(lines.error(), addon);
  v8::Local<v8::Object> result = Nan::New<v8::Object>();
  set(result, "cts", lines.value().cts);
  set(result, "dsr", lines.value().dsr);
  set(result, "dcd", lines.value().dcd);
  set(result, "ri", lines.value().ri);
  set(result, "rts", lines.value().rts);
  set(result, "dtr", lines.value().dtr);
  info.GetReturnValue().Set(result);
}

NAN_METHOD(set_modem_lines) {
  const auto descriptor = descriptor_argument(info);
  if (!descriptor)
    return;
  if (!info[1]->IsObject())
    return Nan::ThrowTypeError("argument 1 must be an object");
  const v8::Local<v8::Object> wanted = info[1].As<v8::Object>();
  const LineChange change{optional_flag(wanted, "rts"), optional_flag(wanted, "dtr"),
                          optional_flag(wanted, "break")};
  const Outcome outcome = serial::set_modem_lines(*descriptor, change);
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

template <Outcome (*operation)(int)> NAN_METHOD(run) {
  const auto descriptor = descriptor_argument(info);
  if (!descriptor)
    return;
  const Outcome outcome = operation(*descriptor);
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

NAN_METHOD(set_low_latency) {
  const auto descriptor = descriptor_argument(info);
  if (!descriptor)
    return;
  const auto on = boolean_argument(info, 1);
  if (!on)
    return;
  const Outcome outcome = serial::set_low_latency(*descriptor, *on);
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

NAN_METHOD(unsent_bytes) {
  const auto descriptor = descriptor_argument(info);
  if (!descriptor)
    return;
  auto count = serial::unsent_bytes(*descriptor);
  if (!count.ok())
    return throw_error(count.error(), addon);
  info.GetReturnValue().Set(Nan::New(count.value()));
}

NAN_METHOD(raw_mode) {
  const auto descriptor = descriptor_argument(info);
  if (!descriptor)
    return;
  const auto baud = integer_argument(info, 1);
  if (!baud)
    return;
  const Outcome outcome = serial::raw_mode(*descriptor, static_cast<uint32_t>(*baud));
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

NAN_METHOD(open_pty) {
  auto pair = serial::open_pty();
  if (!pair.ok())
    return throw_error(pair.error(), addon);
  v8::Local<v8::Object> result = Nan::New<v8::Object>();
  set(result, "master", static_cast<double>(pair.value().master));
  set(result, "slave", static_cast<double>(pair.value().slave));
  set(result, "path", pair.value().path);
  info.GetReturnValue().Set(result);
}

} // namespace

NAN_MODULE_INIT(init) {
  Nan::SetMethod(target, "modemLines", modem_lines);
  Nan::SetMethod(target, "setModemLines", set_modem_lines);
  Nan::SetMethod(target, "lockExclusive", run<serial::lock_exclusive>);
  Nan::SetMethod(target, "unlock", run<serial::unlock>);
  Nan::SetMethod(target, "setLowLatency", set_low_latency);
  Nan::SetMethod(target, "unsentBytes", unsent_bytes);
  Nan::SetMethod(target, "discardUnsent", run<serial::discard_unsent>);
  Nan::SetMethod(target, "rawMode", raw_mode);
  Nan::SetMethod(target, "openPty", open_pty);
}

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, init)

} // namespace pulsebox::serial
