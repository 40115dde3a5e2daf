// Objects of JavaScript that call back while a descriptor can be read: the shared half of every binding.cc
// that listens. By nan's ObjectWrap (https://github.com/nodejs/nan/blob/main/doc/object_wrappers.md) and
// Poll. While one listens it keeps itself alive, so that it is never destroyed with a running poll.
#pragma once

#include "binding.h"
#include "descriptor.h"
#include "poll.h"

#include <span>

namespace pulsebox {

using Values = std::span<v8::Local<v8::Value>>;

/** Watches a descriptor, whoever owns it. */
class WatchedDescriptor : public Nan::ObjectWrap {
protected:
  explicit WatchedDescriptor(const char *addon_name) : addon_name(addon_name) {}

  /** Only after Wrap(). */
  Outcome start(int descriptor);
  /** Before the descriptor is closed; a second time does nothing. */
  void stop();
  bool is_watching() const {
    return poll.polling();
  }
  /** Calls `callback`, which may do anything, stopping and dropping this object included. */
  void call(Nan::Callback &callback, Values arguments);

  /** There is something to read, or an error to fetch. */
  virtual void on_readable() = 0;
  /** The worker thread ends while this watches; nothing of JavaScript may be called. */
  virtual void on_thread_end() {}

  const char *const addon_name;

private:
  Poll poll;
};

/**
 * A socket with JavaScript's `watch(onTaken, onError)`, which throws EBADF on a closed socket and EALREADY
 * the second time, and `close()`, which may come twice. After an error it goes on listening.
 */
class WatchedSocket : public WatchedDescriptor {
protected:
  using WatchedDescriptor::WatchedDescriptor;

  static NAN_METHOD(watch);
  static NAN_METHOD(close);

  virtual Descriptor &descriptor() = 0;
  /** Takes one of the things that wait and reports it; false when none is left for this turn. */
  virtual Result<bool> take_one() = 0;
  /** Calls `onTaken`; only from take_one. */
  void report(Values arguments);

private:
  void on_readable() final;
  void on_thread_end() final;

  Nan::Callback on_taken;
  Nan::Callback on_error;
};

} // namespace pulsebox
