// ARP for IPv4 over Ethernet on a packet socket: announcements out, everybody's packets in.
// Frames: RFC 826 (format), RFC 5227 section 3 (announcement). Sockets: packet(7), <linux/if_packet.h>,
// <linux/if_arp.h>.
#pragma once

#include "../common/descriptor.h"
#include "../common/error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace pulsebox::arp {

using Mac = std::array<uint8_t, 6>;
using Ipv4 = std::array<uint8_t, 4>;

/** Ethernet header (14 bytes) and ARP packet (28), without padding: the driver pads to Ethernet's minimum. */
constexpr size_t frame_length = 42;
using Frame = std::array<uint8_t, frame_length>;

enum class Operation : uint16_t { request = 1, reply = 2 };

struct Packet {
  Operation operation;
  Mac sender_mac;
  Ipv4 sender_address;
  Mac target_mac;
  Ipv4 target_address;
};

/** The broadcast frame that says "`address` is at `own`"; index.ts describes both forms. */
Frame announcement(const Mac &own, const Ipv4 &address, Operation form);

/** Nothing for a short frame, for another hardware or protocol type and for operations other than request and
 * reply. */
std::optional<Packet> parse(std::span<const uint8_t> frame);

/** Dotted decimal; nothing if it is not exactly that (inet_pton(3)). */
std::optional<Ipv4> parse_address(const std::string &text);
std::string format(const Mac &mac);
std::string format(const Ipv4 &address);

class Socket {
public:
  /** Non-blocking and bound to one Ethernet interface. EPERM without CAP_NET_RAW, ENODEV, EAFNOSUPPORT if not
   * Ethernet. */
  static Result<Socket> open(const std::string &interface);

  /** Asked from the kernel each time, because the address of a bond or a replaced card changes. */
  Result<Mac> mac() const;
  Outcome announce(const std::string &address, Operation form) const;
  /** The next well-formed packet that this box did not send itself; nothing when none is waiting. */
  Result<std::optional<Packet>> receive() const;

  /** Closed early, every call fails with EBADF. */
  Descriptor &descriptor() {
    return fd;
  }

private:
  Socket(int opened, std::string interface) : fd(opened), interface(std::move(interface)) {}
  Descriptor fd;
  std::string interface;
  int index = 0;
};

} // namespace pulsebox::arp
