// The thin half of the process addon: nan functions over logic.h, memory.h, mount.h and loop.h. index.ts
// takes the options apart and checks them, so that only strings, numbers, booleans and one array of strings
// come here.

#include "../common/binding.h"
#include "logic.h"
#include "loop.h"
#include "memory.h"
#include "mount.h"

#include <unistd.h>

namespace pulsebox::process {

namespace {

constexpr const char *addon = "process";

void settle(const Outcome &outcome) {
  throw_if_failed(outcome, addon);
}

NAN_METHOD(lock_memory) {
  const auto on_fault = boolean_argument(info, 0);
  if (!on_fault)
    return;
  auto bytes = process::lock_memory(*on_fault);
  if (!bytes.ok())
    return throw_error(bytes.error(), addon);
  info.GetReturnValue().Set(static_cast<double>(bytes.value()));
}

template <Outcome (*operation)()> NAN_METHOD(run) {
  settle(operation());
}

NAN_METHOD(set_realtime) {
  const auto priority = integer_argument(info, 0);
  if (priority)
    settle(process::set_realtime(static_cast<int>(*priority)));
}

NAN_METHOD(scheduling) {
  auto answer = process::scheduling();
  if (!answer.ok())
    return throw_error(answer.error(), addon);
  v8::Local<v8::Object> result = Nan::New<v8::Object>();
  set(result, "policy", answer.value().policy);
  set(result, "priority", static_cast<double>(answer.value().priority));
  info.GetReturnValue().Set(result);
}

NAN_METHOD(load_module) {
  const auto path = string_argument(info, 0);
  if (!path)
    return;
  const auto parameters = string_argument(info, 1);
  if (!parameters)
    return;
  auto answer = process::load_module(*path, *parameters);
  if (!answer.ok())
    return throw_error(answer.error(), addon);
  info.GetReturnValue().Set(to_javascript(answer.value() == Module::loaded ? "loaded" : "already"));
}

NAN_METHOD(mount) {
  Mount wanted;
  std::string *const texts[] = {&wanted.source, &wanted.target, &wanted.type, &wanted.data};
  for (int index = 0; index < 4; index++) {
    const auto text = string_argument(info, index);
    if (!text)
      return;
    *texts[index] = *text;
  }
  const auto flags = strings_argument(info, 4);
  if (!flags)
    return;
  wanted.flags = *flags;
  settle(process::mount(wanted));
}

NAN_METHOD(unmount) {
  const auto target = string_argument(info, 0);
  if (!target)
    return;
  const auto force = boolean_argument(info, 1);
  if (!force)
    return;
  const auto lazy = boolean_argument(info, 2);
  if (lazy)
    settle(process::unmount(*target, Unmounting{*force, *lazy}));
}

NAN_METHOD(reboot) {
  const auto ending = string_argument(info, 0);
  if (!ending)
    return;
  if (*ending == "restart")
    return settle(process::reboot(Ending::restart));
  if (*ending == "poweroff")
    return settle(process::reboot(Ending::poweroff));
  if (*ending == "halt")
    return settle(process::reboot(Ending::halt));
  Nan::ThrowTypeError("reboot takes \"restart\", \"poweroff\" or \"halt\"");
}

NAN_METHOD(sync_all) {
  ::sync();
}

NAN_METHOD(reap) {
  const auto pid = integer_argument(info, 0);
  if (!pid)
    return;
  auto ended = process::reap(static_cast<pid_t>(*pid));
  if (!ended.ok())
    return throw_error(ended.error(), addon);
  v8::Local<v8::Array> result = Nan::New<v8::Array>();
  for (const Ended &child : ended.value()) {
    v8::Local<v8::Object> entry = Nan::New<v8::Object>();
    set(entry, "pid", static_cast<double>(child.pid));
    if (child.code)
      set(entry, "code", static_cast<double>(*child.code));
    if (child.signal)
      set(entry, "signal", static_cast<double>(*child.signal));
    Nan::Set(result, result->Length(), entry).Check();
  }
  info.GetReturnValue().Set(result);
}

NAN_METHOD(notify_service) {
  const auto path = string_argument(info, 0);
  const auto text = path ? string_argument(info, 1) : std::nullopt;
  if (text)
    settle(process::notify_service(*path, *text));
}

NAN_METHOD(set_host_name) {
  const auto name = string_argument(info, 0);
  if (name)
    settle(process::set_host_name(*name));
}

NAN_METHOD(attach_loop) {
  const auto file = string_argument(info, 0);
  if (!file)
    return;
  const auto offset = integer_argument(info, 1);
  if (!offset)
    return;
  const auto size_limit = integer_argument(info, 2);
  if (!size_limit)
    return;
  const auto read_only = boolean_argument(info, 3);
  if (!read_only)
    return;
  auto device = process::attach_loop(
      LoopPart{*file, static_cast<uint64_t>(*offset), static_cast<uint64_t>(*size_limit), *read_only});
  if (!device.ok())
    return throw_error(device.error(), addon);
  v8::Local<v8::Object> result = Nan::New<v8::Object>();
  set(result, "descriptor", static_cast<double>(device.value().descriptor));
  set(result, "path", device.value().path);
  info.GetReturnValue().Set(result);
}

NAN_METHOD(detach_loop) {
  const auto descriptor = integer_argument(info, 0);
  if (!descriptor)
    return;
  const auto path = string_argument(info, 1);
  if (path)
    settle(process::detach_loop(LoopDevice{static_cast<int>(*descriptor), *path}));
}

NAN_METHOD(set_user) {
  const auto uid = integer_argument(info, 0);
  if (!uid)
    return;
  const auto gid = integer_argument(info, 1);
  if (gid)
    settle(process::set_user(static_cast<uid_t>(*uid), static_cast<gid_t>(*gid)));
}

} // namespace

NAN_MODULE_INIT(init) {
  Nan::SetMethod(target, "lockMemory", lock_memory);
  Nan::SetMethod(target, "unlockMemory", run<unlock_memory>);
  Nan::SetMethod(target, "setRealtime", set_realtime);
  Nan::SetMethod(target, "setNormal", run<set_normal>);
  Nan::SetMethod(target, "scheduling", scheduling);
  Nan::SetMethod(target, "loadModule", load_module);
  Nan::SetMethod(target, "mount", mount);
  Nan::SetMethod(target, "unmount", unmount);
  Nan::SetMethod(target, "reboot", reboot);
  Nan::SetMethod(target, "sync", sync_all);
  Nan::SetMethod(target, "reap", reap);
  Nan::SetMethod(target, "notifyService", notify_service);
  Nan::SetMethod(target, "setHostName", set_host_name);
  Nan::SetMethod(target, "attachLoop", attach_loop);
  Nan::SetMethod(target, "detachLoop", detach_loop);
  Nan::SetMethod(target, "setUser", set_user);
}

NAN_MODULE_WORKER_ENABLED(NODE_GYP_MODULE_NAME, init)

} // namespace pulsebox::process
