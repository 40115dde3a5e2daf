// Conversions between V8 values and the plain C++ of the addons, by nan (https://github.com/nodejs/nan).
// errno is negative in the error object as in Node's own system errors (nodejs.org/api/errors.html, class
// SystemError).

#include "binding.h"

namespace pulsebox {

namespace {

void throw_type_error(int index, const char *wanted) {
  const std::string text = "argument " + std::to_string(index) + " must be a " + wanted;
  Nan::ThrowTypeError(text.c_str());
}

} // namespace

v8::Local<v8::String> to_javascript(const std::string &text) {
  return Nan::New<v8::String>(text).ToLocalChecked();
}

v8::Local<v8::Value> to_javascript(std::span<const uint8_t> bytes) {
  const auto *first = reinterpret_cast<const char *>(bytes.data());
  return Nan::CopyBuffer(first, static_cast<uint32_t>(bytes.size())).ToLocalChecked();
}

v8::Local<v8::Value> to_javascript(const Error &error, const std::string &addon) {
  v8::Local<v8::Value> result = Nan::Error(to_javascript(error.message(addon)));
  v8::Local<v8::Object> object = result.As<v8::Object>();
  set(object, "code", error.name());
  set(object, "errno", static_cast<double>(-error.code));
  return result;
}

void throw_error(const Error &error, const std::string &addon) {
  Nan::ThrowError(to_javascript(error, addon));
}

void throw_if_failed(const Outcome &outcome, const std::string &addon) {
  if (!outcome.ok())
    throw_error(outcome.error(), addon);
}

std::optional<std::string> string_argument(const Nan::FunctionCallbackInfo<v8::Value> &info, int index) {
  if (!info[index]->IsString()) {
    throw_type_error(index, "string");
    return std::nullopt;
  }
  const Nan::Utf8String text(info[index]);
  return std::string(*text, static_cast<size_t>(text.length()));
}

std::optional<int64_t> integer_argument(const Nan::FunctionCallbackInfo<v8::Value> &info, int index) {
  if (!info[index]->IsNumber()) {
    throw_type_error(index, "number");
    return std::nullopt;
  }
  return Nan::To<int64_t>(info[index]).FromJust();
}

std::optional<bool> boolean_argument(const Nan::FunctionCallbackInfo<v8::Value> &info, int index) {
  if (!info[index]->IsBoolean()) {
    throw_type_error(index, "boolean");
    return std::nullopt;
  }
  return info[index]->IsTrue();
}

std::optional<v8::Local<v8::Function>> function_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                         int index) {
  if (!info[index]->IsFunction()) {
    throw_type_error(index, "function");
    return std::nullopt;
  }
  return info[index].As<v8::Function>();
}

std::optional<std::vector<std::string>> strings_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                         int index) {
  if (!info[index]->IsArray()) {
    throw_type_error(index, "list of strings");
    return std::nullopt;
  }
  const auto array = info[index].As<v8::Array>();
  std::vector<std::string> strings;
  for (uint32_t position = 0; position < array->Length(); position++) {
    v8::Local<v8::Value> element;
    if (!Nan::Get(array, position).ToLocal(&element))
      return std::nullopt;
    const Nan::Utf8String text(element);
    strings.emplace_back(*text, static_cast<size_t>(text.length()));
  }
  return strings;
}

std::optional<std::span<const uint8_t>> bytes_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                       int index) {
  if (!node::Buffer::HasInstance(info[index])) {
    throw_type_error(index, "Uint8Array");
    return std::nullopt;
  }
  return std::span(reinterpret_cast<const uint8_t *>(node::Buffer::Data(info[index])),
                   node::Buffer::Length(info[index]));
}

void set(v8::Local<v8::Object> object, const char *key, v8::Local<v8::Value> value) {
  Nan::Set(object, Nan::New(key).ToLocalChecked(), value).Check();
}

void set(v8::Local<v8::Object> object, const char *key, const std::string &value) {
  set(object, key, to_javascript(value).As<v8::Value>());
}

void set(v8::Local<v8::Object> object, const char *key, const char *value) {
  set(object, key, std::string(value));
}

void set(v8::Local<v8::Object> object, const char *key, double value) {
  set(object, key, Nan::New(value).As<v8::Value>());
}

void set(v8::Local<v8::Object> object, const char *key, bool value) {
  set(object, key, Nan::New(value).As<v8::Value>());
}

void export_class(v8::Local<v8::Object> target, const char *name, Nan::FunctionCallback construct,
                  std::initializer_list<Method> methods) {
  v8::Local<v8::FunctionTemplate> type = Nan::New<v8::FunctionTemplate>(construct);
  type->SetClassName(Nan::New(name).ToLocalChecked());
  type->InstanceTemplate()->SetInternalFieldCount(1);
  for (const Method &method : methods)
    Nan::SetPrototypeMethod(type, method.name, method.function);
  set(target, name, Nan::GetFunction(type).ToLocalChecked().As<v8::Value>());
}

} // namespace pulsebox
