// The kernel's message channel: a builder for requests, bounds-checked readers for answers and one socket
// that knows acknowledgements, dumps and notifications. It serves every netlink family (rtnetlink here and,
// with a genlmsghdr as the family's header, generic netlink): nothing below knows what a message means.
// Follows netlink(7), <linux/netlink.h> and the kernel's Documentation/userspace-api/netlink/intro.rst.
#pragma once

#include "descriptor.h"
#include "error.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <linux/netlink.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pulsebox::netlink {

using Bytes = std::span<const uint8_t>;

/** A request under construction. An attribute too long for its 16-bit length makes sending it fail with
 * EMSGSIZE. */
class Request {
public:
  /** `flags` are NLM_F_…; NLM_F_REQUEST and NLM_F_ACK are always added. */
  explicit Request(uint16_t type, uint16_t flags = 0);

  /** The family's fixed header (ifaddrmsg, rtmsg, genlmsghdr); goes before all attributes. */
  template <typename T> Request &header(const T &fixed) {
    append(&fixed, sizeof fixed);
    return *this;
  }
  Request &attribute(uint16_t type, Bytes value);
  Request &u32(uint16_t type, uint32_t value);
  /** With the terminating zero that the kernel's NLA_NUL_STRING wants. */
  Request &string(uint16_t type, const std::string &value);
  /** What `fill` adds becomes the value of one nested attribute. */
  Request &nested(uint16_t type, const std::function<void(Request &)> &fill);

private:
  friend class Socket;
  void append(const void *data, size_t length);

  std::vector<uint8_t> bytes;
  bool too_long = false;
};

/** The attributes of an answer. An attribute that claims more bytes than are there ends the list. */
class Attributes {
public:
  explicit Attributes(Bytes bytes) : bytes(bytes) {}
  /** The value of the last attribute of this type, as the kernel's own parser has it. */
  std::optional<Bytes> find(uint16_t type) const;
  /** A value shorter than four bytes is no value. */
  std::optional<uint32_t> u32(uint16_t type) const;
  /** Up to the first zero byte. */
  std::optional<std::string> string(uint16_t type) const;

private:
  Bytes bytes;
};

/** One message from the kernel; valid during the visit only. */
struct Answer {
  uint16_t type;
  uint16_t flags;
  Bytes payload;

  /** The family's fixed header; nothing if the message is too short for one. */
  template <typename T> std::optional<T> header() const {
    if (payload.size() < sizeof(T))
      return std::nullopt;
    T fixed;
    std::memcpy(&fixed, payload.data(), sizeof fixed);
    return fixed;
  }
  /** What follows a fixed header of type T. */
  template <typename T> Attributes attributes() const {
    const size_t start = NLMSG_ALIGN(sizeof(T));
    return Attributes(payload.size() > start ? payload.subspan(start) : Bytes{});
  }
};

using Visit = std::function<void(const Answer &)>;

class Socket {
public:
  /** For requests. `protocol` is NETLINK_ROUTE, NETLINK_GENERIC… */
  static Result<Socket> open(int protocol);
  /** For notifications; non-blocking. `groups` is a mask of RTMGRP_… */
  static Result<Socket> subscribe(int protocol, uint32_t groups);

  /**
   * Sends a request and shows its answers to `visit`: none for a change, one for a look-up, all for a dump. A
   * dump during which the table changed (NLM_F_DUMP_INTR) fails with EINTR, and the caller asks again. The
   * kernel answers without waiting for anybody else; a second without an answer is ETIMEDOUT.
   */
  Outcome exchange(Request &request, const std::string &attempted, const Visit &visit = {});

  /** Shows the notifications that one datagram holds; false when none was waiting. ENOBUFS: some were lost.
   */
  Result<bool> receive(const Visit &visit);

  /** Closed early, every call fails with EBADF. */
  Descriptor &descriptor() {
    return fd;
  }

private:
  explicit Socket(int opened) : fd(opened), buffer(buffer_size) {}
  static Result<Socket> make(int protocol, int flags, uint32_t groups);
  /** One datagram from the kernel; empty if it came from elsewhere. */
  Result<Bytes> datagram();

  static constexpr size_t buffer_size = 64 * 1024;
  Descriptor fd;
  uint32_t sequence = 0;
  std::vector<uint8_t> buffer;
};

/** Shows each complete message in a datagram to `visit`, which returns false to stop. */
void each_message(Bytes datagram, const std::function<bool(const nlmsghdr &, const Answer &)> &visit);

/** The Error that a NLMSG_ERROR or NLMSG_DONE message carries, with the kernel's words if it sent some
 * (NLMSGERR_ATTR_MSG). */
std::optional<Error> acknowledgement(const Answer &answer, const std::string &attempted);

} // namespace pulsebox::netlink
