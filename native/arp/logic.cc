// Building, taking apart, sending and receiving ARP frames. All numbers on the wire are big-endian (RFC 826).
// Offsets: 0 destination, 6 source, 12 EtherType; ARP at 14: hardware type, protocol type, two lengths,
// operation, then sender hardware (22) and protocol (28) address, target hardware (32) and protocol (38)
// address.

#include "logic.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace pulsebox::arp {

namespace {

constexpr Mac broadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr Mac unknown = {};
/** EtherType, hardware type Ethernet, protocol type IPv4, hardware length 6, protocol length 4. */
constexpr std::array<uint8_t, 8> ipv4_over_ethernet = {0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4};

template <size_t N> std::array<uint8_t, N> take(std::span<const uint8_t> frame, size_t offset) {
  std::array<uint8_t, N> taken;
  std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(offset), N, taken.begin());
  return taken;
}

const char *name_of(Operation form) {
  return form == Operation::request ? "request" : "reply";
}

} // namespace

Frame announcement(const Mac &own, const Ipv4 &address, Operation form) {
  Frame frame;
  auto *at = frame.data();
  const auto put = [&at](const auto &bytes) { at = std::copy(bytes.begin(), bytes.end(), at); };
  put(broadcast);
  put(own);
  put(ipv4_over_ethernet);
  put(std::array<uint8_t, 2>{0, static_cast<uint8_t>(form)});
  put(own);
  put(address);
  put(form == Operation::request ? unknown : broadcast);
  put(address);
  return frame;
}

std::optional<Packet> parse(std::span<const uint8_t> frame) {
  if (frame.size() < frame_length)
    return std::nullopt;
  if (!std::equal(ipv4_over_ethernet.begin(), ipv4_over_ethernet.end(), frame.begin() + 12))
    return std::nullopt;
  const int operation = frame[20] << 8 | frame[21];
  if (operation != 1 && operation != 2)
    return std::nullopt;
  return Packet{static_cast<Operation>(operation), take<6>(frame, 22), take<4>(frame, 28), take<6>(frame, 32),
                take<4>(frame, 38)};
}

std::optional<Ipv4> parse_address(const std::string &text) {
  Ipv4 address;
  if (inet_pton(AF_INET, text.c_str(), address.data()) != 1)
    return std::nullopt;
  return address;
}

std::string format(const Mac &mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text;
}

std::string format(const Ipv4 &address) {
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, address.data(), text, sizeof text);
  return text;
}

Result<Socket> Socket::open(const std::string &interface) {
  const std::string attempted = "open " + interface;
  // Protocol 0 receives nothing yet: no packet of another interface slips in before bind.
  Socket opened(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), interface);
  if (!opened.fd.is_open())
    return last_error(attempted);
  opened.index = static_cast<int>(if_nametoindex(interface.c_str()));
  if (opened.index == 0)
    return last_error(attempted);
  const auto mac = opened.mac();
  if (!mac.ok())
    return mac.error();
  sockaddr_ll local = {};
  local.sll_family = AF_PACKET;
  local.sll_protocol = htons(ETH_P_ARP);
  local.sll_ifindex = opened.index;
  if (bind(opened.fd.get(), reinterpret_cast<sockaddr *>(&local), sizeof local) < 0)
    return last_error(attempted);
  return opened;
}

Result<Mac> Socket::mac() const {
  const std::string attempted = "read the hardware address of " + interface;
  ifreq question = {};
  std::snprintf(question.ifr_name, sizeof question.ifr_name, "%s", interface.c_str());
  if (ioctl(fd.get(), SIOCGIFHWADDR, &question) < 0)
    return last_error(attempted);
  if (question.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
    const std::string type = std::to_string(question.ifr_hwaddr.sa_family);
    return Error{EAFNOSUPPORT, attempted, "hardware type " + type + " is not Ethernet (1)"};
  }
  Mac mac;
  std::memcpy(mac.data(), question.ifr_hwaddr.sa_data, mac.size());
  return mac;
}

Outcome Socket::announce(const std::string &address, Operation form) const {
  const std::string attempted =
      std::string("announce ") + address + " (" + name_of(form) + ") on " + interface;
  const auto wanted = parse_address(address);
  if (!wanted)
    return Error{EINVAL, attempted, "not an IPv4 address"};
  auto own = mac();
  if (!own.ok())
    return Error{own.error().code, attempted, own.error().detail};
  const Frame frame = announcement(own.value(), *wanted, form);
  sockaddr_ll to = {};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_ARP);
  to.sll_ifindex = index;
  if (sendto(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr *>(&to), sizeof to) < 0)
    return last_error(attempted);
  return Nothing{};
}

Result<std::optional<Packet>> Socket::receive() const {
  std::array<uint8_t, 128> frame;
  for (;;) {
    sockaddr_ll from = {};
    socklen_t from_length = sizeof from;
    const ssize_t length =
        recvfrom(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr *>(&from), &from_length);
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0 && errno == EAGAIN)
      return std::optional<Packet>();
    if (length < 0)
      return last_error("receive on " + interface);
    if (from.sll_pkttype == PACKET_OUTGOING)
      continue;
    if (auto packet = parse({frame.data(), static_cast<size_t>(length)}))
      return packet;
  }
}

} // namespace pulsebox::arp
