// A UDP socket that sends and receives on one interface only, in one of the three forms of heartbeat's media.
// Node's own node:dgram cannot bind to a device, and two bcast media share one port, so that only the device
// keeps their links apart. Sources: ip(7), udp(7), socket(7), netdevice(7). IPv4 only, as heartbeat's bcast,
// ucast and mcast. Plain C++: no Node in here.
#pragma once

#include "../common/descriptor.h"
#include "../common/error.h"

#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <string>

namespace pulsebox::udp {

enum class Form { broadcast, unicast, multicast };

struct Settings {
  std::string interface;
  uint16_t port = 0;
  Form form = Form::broadcast;
  /** The peer or the multicast group in dotted form; broadcast takes the interface's own. */
  std::string destination = {};
  /** Multicast only: 0 to 255, and whether sockets of this box receive what it sends. */
  int ttl = 1;
  bool loop = false;
};

struct Endpoint {
  Descriptor descriptor;
  Settings settings;
  sockaddr_in destination = {};
};

struct Datagram {
  /** In the buffer. */
  std::span<const uint8_t> bytes;
  /** Dotted. */
  std::string source;
};

/** The most that one datagram carries. */
constexpr size_t longest_datagram = 65507;

/**
 * Opens, binds to the device and the port, non-blocking and close-on-exec.
 * EINVAL: the destination is no IPv4 address. ENODEV: no such interface. EADDRNOTAVAIL: broadcast on an
 * interface without address. EACCES: a port below 1024 without CAP_NET_BIND_SERVICE.
 */
Result<Endpoint> open_endpoint(const Settings &settings);

/**
 * Sends one datagram at once. ENETDOWN, ENETUNREACH: the link is down. ENODEV: the interface is gone.
 * EADDRNOTAVAIL: the broadcast address that the endpoint was opened with is no longer the interface's; open
 * anew.
 */
Outcome send_datagram(const Endpoint &endpoint, std::span<const uint8_t> bytes);

/** Takes one waiting datagram into `buffer`; nothing when none waits. */
Result<std::optional<Datagram>> receive_datagram(const Endpoint &endpoint,
                                                 std::span<uint8_t, longest_datagram> buffer);

} // namespace pulsebox::udp
