// ICMP echo on a raw socket, one for IPv4 (RFC 792, icmp(7), raw(7)) and one for IPv6 (RFC 4443, RFC 3542):
// requests with a payload go out, the replies to our own identifier come in. The kernel hands every echo
// reply of the box to every raw socket, so it is told to drop the others before they fill the queue. Plain
// C++: no Node in here.
#pragma once

#include "../common/descriptor.h"
#include "../common/error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace pulsebox::icmp {

enum class Family { ipv4, ipv6 };

struct Endpoint {
  Descriptor descriptor;
  Family family = Family::ipv4;
  /** Tells the replies to this endpoint from all others. */
  uint16_t identifier = 0;
};

struct Reply {
  uint16_t sequence = 0;
  /** What was echoed, in the buffer. */
  std::span<const uint8_t> payload = {};
  /** As inet_ntop(3) writes it. */
  std::string source = {};
};

/** What IPv4 carries behind its own header and the 8 bytes of ICMP; for IPv6 the same, for simplicity. */
constexpr size_t longest_payload = 65507;
constexpr size_t buffer_length = 65536;

/** Opens, non-blocking and close-on-exec. EPERM: without CAP_NET_RAW. EAFNOSUPPORT: a kernel without IPv6. */
Result<Endpoint> open_endpoint(Family family, uint16_t identifier);

/**
 * Sends one echo request at once. EINVAL: no address of this family. EMSGSIZE: more than longest_payload.
 * ENETUNREACH, EHOSTUNREACH: no route. EACCES: a broadcast address. That nobody answers is no error.
 */
Outcome send_echo(const Endpoint &endpoint, const std::string &target, uint16_t sequence,
                  std::span<const uint8_t> payload);

/** Takes one waiting reply into `buffer`; nothing when none waits. Whatever else came is dropped. */
Result<std::optional<Reply>> receive_reply(const Endpoint &endpoint,
                                           std::span<uint8_t, buffer_length> buffer);

} // namespace pulsebox::icmp
