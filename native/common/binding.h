// The shared half of every binding.cc: Errors of the plain C++ logic become JavaScript errors of the shape
// that Node's own have (`code`, `errno`, `message`; errno negative as libuv gives it), and arguments are
// taken with a type check. The arguments were checked by index.ts already; a wrong type here is a defect and
// throws a TypeError.
#pragma once

#include "error.h"

#include <cstdint>
#include <initializer_list>
#include <nan.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pulsebox {

/** A JavaScript Error for `error`, its message starting with the addon's name. */
v8::Local<v8::Value> to_javascript(const Error &error, const std::string &addon);

/** Throws `error` in JavaScript; the caller returns at once. */
void throw_error(const Error &error, const std::string &addon);
/** Throws the error that `outcome` holds, if it holds one. */
void throw_if_failed(const Outcome &outcome, const std::string &addon);

v8::Local<v8::String> to_javascript(const std::string &text);
/** A Buffer that holds a copy. */
v8::Local<v8::Value> to_javascript(std::span<const uint8_t> bytes);

/** Argument `index` as UTF-8; after nothing was returned a TypeError is pending and the caller returns at
 * once. */
std::optional<std::string> string_argument(const Nan::FunctionCallbackInfo<v8::Value> &info, int index);
std::optional<int64_t> integer_argument(const Nan::FunctionCallbackInfo<v8::Value> &info, int index);
std::optional<bool> boolean_argument(const Nan::FunctionCallbackInfo<v8::Value> &info, int index);
std::optional<v8::Local<v8::Function>> function_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                         int index);
std::optional<std::vector<std::string>> strings_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                         int index);
/** The bytes of a Uint8Array in place: valid until JavaScript runs again. */
std::optional<std::span<const uint8_t>> bytes_argument(const Nan::FunctionCallbackInfo<v8::Value> &info,
                                                       int index);

/** Sets `object[key]`; key is ASCII. */
void set(v8::Local<v8::Object> object, const char *key, v8::Local<v8::Value> value);
void set(v8::Local<v8::Object> object, const char *key, const std::string &value);
void set(v8::Local<v8::Object> object, const char *key, const char *value);
void set(v8::Local<v8::Object> object, const char *key, double value);
void set(v8::Local<v8::Object> object, const char *key, bool value);

struct Method {
  const char *name;
  Nan::FunctionCallback function;
};

/** Exports a class whose `new` calls `construct`, which wraps an object of C++ in `this` (nan's ObjectWrap).
 */
void export_class(v8::Local<v8::Object> target, const char *name, Nan::FunctionCallback construct,
                  std::initializer_list<Method> methods);

} // namespace pulsebox
