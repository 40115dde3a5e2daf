// The thin half of the watchdog addon: nan functions over logic.h. Every function takes the descriptor and
// the path; index.ts holds both in a WatchdogHandle and checks the arguments.

#include "../common/binding.h"
#include "logic.h"

namespace pulsebox::watchdog {

namespace {

constexpr const char *addon = "watchdog";

struct Device {
  int descriptor;
  std::string path;
};

std::optional<Device> device_argument(const Nan::FunctionCallbackInfo<v8::Value> &info) {
  const auto descriptor = integer_argument(info, 0);
  if (!descriptor)
    return std::nullopt;
  auto path = string_argument(info, 1);
  if (!path)
    return std::nullopt;
  return Device{static_cast<int>(*descriptor), std::move(*path)};
}

v8::Local<v8::Value> to_names(uint32_t bits) {
  const std::vector<std::string> names = option_names(bits);
  v8::Local<v8::Array> result = Nan::New<v8::Array>(static_cast<int>(names.size()));
  for (size_t index = 0; index < names.size(); index++)
    Nan::Set(result, static_cast<uint32_t>(index), to_javascript(names[index])).Check();
  return result;
}

NAN_METHOD(open_device) {
  const auto path = string_argument(info, 0);
  if (!path)
    return;
  auto device = watchdog::open_device(*path);
  if (!device.ok())
    return throw_error(device.error(), addon);
  info.GetReturnValue().Set(device.value());
}

NAN_METHOD(support) {
  const auto device = device_argument(info);
  if (!device)
    return;
  auto answer = watchdog::support(device->descriptor, device->path);
  if (!answer.ok())
    return throw_error(answer.error(), addon);
  v8::Local<v8::Object> result = Nan::New<v8::Object>();
  set(result, "identity", answer.value().identity);
  set(result, "firmwareVersion", static_cast<double>(answer.value().firmware_version));
  set(result, "options", to_names(answer.value().options));
  info.GetReturnValue().Set(result);
}

NAN_METHOD(timeout) {
  const auto device = device_argument(info);
  if (!device)
    return;
  auto seconds = watchdog::timeout(device->descriptor, device->path);
  if (!seconds.ok())
    return throw_error(seconds.error(), addon);
  info.GetReturnValue().Set(seconds.value());
}

NAN_METHOD(set_timeout) {
  const auto device = device_argument(info);
  if (!device)
    return;
  const auto wanted = integer_argument(info, 2);
  if (!wanted)
    return;
  auto seconds = watchdog::set_timeout(device->descriptor, device->path, static_cast<int>(*wanted));
  if (!seconds.ok())
    return throw_error(seconds.error(), addon);
  info.GetReturnValue().Set(seconds.value());
}

NAN_METHOD(time_left) {
  const auto device = device_argument(info);
  if (!device)
    return;
  auto seconds = watchdog::time_left(device->descriptor, device->path);
  if (!seconds.ok())
    return throw_error(seconds.error(), addon);
  if (seconds.value().has_value())
    info.GetReturnValue().Set(*seconds.value());
}

NAN_METHOD(boot_status) {
  const auto device = device_argument(info);
  if (!device)
    return;
  auto bits = watchdog::boot_status(device->descriptor, device->path);
  if (!bits.ok())
    return throw_error(bits.error(), addon);
  info.GetReturnValue().Set(to_names(bits.value()));
}

using Operation = Outcome (*)(int, const std::string &);

template <Operation operation> NAN_METHOD(run) {
  const auto device = device_argument(info);
  if (!device)
    return;
  const Outcome outcome = operation(device->descriptor, device->path);
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

} // namespace

NAN_MODULE_INIT(init) {
  Nan::SetMethod(target, "openDevice", open_device);
  Nan::SetMethod(target, "support", support);
  Nan::SetMethod(target, "timeout", timeout);
  Nan::SetMethod(target, "setTimeout", set_timeout);
  Nan::SetMethod(target, "timeLeft", time_left);
  Nan::SetMethod(target, "bootStatus", boot_status);
  Nan::SetMethod(target, "pet", run<watchdog::pet>);
  Nan::SetMethod(target, "permitStop", run<permit_stop>);
  Nan::SetMethod(target, "closeDevice", run<close_device>);
}

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, init)

} // namespace pulsebox::watchdog
