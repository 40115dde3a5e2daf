// Which datagrams reach which socket (ip(7), net/ipv4/udp.c): one that is bound to a broadcast address or a
// multicast group gets what was sent to exactly that; one that is bound to any address also gets broadcasts,
// which IP_PKTINFO tells apart: for a datagram sent to this host alone, the local address it came to is its
// destination.

#include "logic.h"

#include "../common/socket_option.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace pulsebox::udp {

namespace {

std::string dotted(in_addr address) {
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, text, sizeof text) != nullptr ? text : "?";
}

/** Asks for one of the interface's addresses by a SIOCGIF* request (netdevice(7)). */
Result<in_addr> ask_interface(int descriptor, unsigned long what, const std::string &interface,
                              const std::string &attempted) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(descriptor, what, &request) < 0) {
    Error error = last_error(attempted);
    if (error.code == EADDRNOTAVAIL)
      error.detail = interface + " has no IPv4 address";
    return error;
  }
  sockaddr_in address;
  memcpy(&address, &request.ifr_addr, sizeof address);
  return address.sin_addr;
}

/** The one that was configured or, as the kernel's own routing table has it, the highest address of the
 * subnet. */
Result<in_addr> broadcast_address(int descriptor, const std::string &interface,
                                  const std::string &attempted) {
  auto configured = ask_interface(descriptor, SIOCGIFBRDADDR, interface, attempted);
  if (!configured.ok() || configured.value().s_addr != INADDR_ANY)
    return configured;
  auto address = ask_interface(descriptor, SIOCGIFADDR, interface, attempted);
  if (!address.ok())
    return address;
  auto mask = ask_interface(descriptor, SIOCGIFNETMASK, interface, attempted);
  if (!mask.ok())
    return mask;
  constexpr uint32_t smallest_broadcast_subnet = 0xfffffffc;
  if (ntohl(mask.value().s_addr) > smallest_broadcast_subnet)
    return Error{EADDRNOTAVAIL, attempted, "the subnet of " + interface + " has no broadcast address"};
  return in_addr{address.value().s_addr | ~mask.value().s_addr};
}

struct Flag {
  SocketOption option;
  int value;
};

Outcome set_flags(const Descriptor &socket, std::initializer_list<Flag> flags, const std::string &attempted) {
  for (const Flag &flag : flags) {
    const Outcome outcome = set_option(socket, flag.option, flag.value, attempted);
    if (!outcome.ok())
      return outcome;
  }
  return Nothing{};
}

Outcome bind_to_device(const Descriptor &socket, const std::string &interface, const std::string &attempted) {
  const auto length = static_cast<socklen_t>(interface.size());
  if (setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), length) < 0)
    return last_error(attempted);
  return Nothing{};
}

Outcome join_group(const Endpoint &endpoint, const std::string &attempted) {
  ip_mreqn membership{};
  membership.imr_multiaddr = endpoint.destination.sin_addr;
  membership.imr_ifindex = static_cast<int>(if_nametoindex(endpoint.settings.interface.c_str()));
  for (const SocketOption &option : {SocketOption{IPPROTO_IP, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP"},
                                     SocketOption{IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF"}}) {
    const Outcome outcome = set_option(endpoint.descriptor, option, membership, attempted);
    if (!outcome.ok())
      return outcome;
  }
  const int loop = endpoint.settings.loop ? 1 : 0;
  return set_flags(endpoint.descriptor,
                   {{{IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL"}, endpoint.settings.ttl},
                    {{IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP"}, loop}},
                   attempted);
}

/**
 * The kernel hands a broadcast to the sender's own socket as well, marked as such (packet(7),
 * PACKET_LOOPBACK). It is dropped there (socket(7), SO_ATTACH_FILTER): waking up for it would double what an
 * idle node costs.
 */
Outcome ignore_own(const Descriptor &socket, const std::string &attempted) {
  sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_LOOPBACK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, longest_datagram),
  };
  const sock_fprog filter{std::size(instructions), instructions};
  return set_option(socket, {SOL_SOCKET, SO_ATTACH_FILTER, "SO_ATTACH_FILTER"}, filter, attempted);
}

Outcome prepare_form(Endpoint &endpoint, const std::string &attempted) {
  const Descriptor &socket = endpoint.descriptor;
  if (endpoint.settings.form == Form::unicast)
    return set_option(socket, {IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO"}, 1, attempted);
  if (endpoint.settings.form == Form::multicast)
    return join_group(endpoint, attempted);
  auto address = broadcast_address(socket.get(), endpoint.settings.interface, attempted);
  if (!address.ok())
    return address.error();
  endpoint.destination.sin_addr = address.value();
  // A heartbeat link is a wire between neighbours: no broadcast may leave by a gateway.
  const Outcome outcome = set_flags(
      socket,
      {{{SOL_SOCKET, SO_DONTROUTE, "SO_DONTROUTE"}, 1}, {{SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST"}, 1}},
      attempted);
  return outcome.ok() ? ignore_own(socket, attempted) : outcome;
}

Outcome prepare(Endpoint &endpoint, const std::string &attempted) {
  const Descriptor &socket = endpoint.descriptor;
  const Outcome flags = set_flags(
      socket,
      {{{SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"}, 1}, {{IPPROTO_IP, IP_TOS, "IP_TOS"}, IPTOS_LOWDELAY}},
      attempted);
  if (!flags.ok())
    return flags;
  const Outcome device = bind_to_device(socket, endpoint.settings.interface, attempted);
  if (!device.ok())
    return device;
  const Outcome form = prepare_form(endpoint, attempted);
  if (!form.ok())
    return form;
  sockaddr_in local = endpoint.destination;
  if (endpoint.settings.form == Form::unicast)
    local.sin_addr.s_addr = INADDR_ANY;
  if (bind(socket.get(), reinterpret_cast<const sockaddr *>(&local), sizeof local) < 0)
    return last_error(attempted);
  return Nothing{};
}

/** Whether the datagram was meant for `endpoint`'s form. */
bool is_meant_for(const Endpoint &endpoint, msghdr &message) {
  if (endpoint.settings.form != Form::unicast)
    return true;
  for (cmsghdr *part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_PKTINFO)
      continue;
    in_pktinfo information;
    memcpy(&information, CMSG_DATA(part), sizeof information);
    return information.ipi_addr.s_addr == information.ipi_spec_dst.s_addr;
  }
  return false;
}

/** "10.0.0.255:694 on eth1" */
std::string describe(const Endpoint &endpoint) {
  return dotted(endpoint.destination.sin_addr) + ":" + std::to_string(endpoint.settings.port) + " on " +
         endpoint.settings.interface;
}

} // namespace

Result<Endpoint> open_endpoint(const Settings &settings) {
  const std::string attempted = "open port " + std::to_string(settings.port) + " on " + settings.interface;
  // An empty name would unbind the socket and a long one would be cut (socket(7)): both would reach another
  // link.
  if (settings.interface.empty() || settings.interface.size() >= IFNAMSIZ)
    return Error{ENODEV, attempted, "an interface name has 1 to 15 characters"};
  sockaddr_in destination{};
  destination.sin_family = AF_INET;
  destination.sin_port = htons(settings.port);
  if (settings.form != Form::broadcast &&
      inet_pton(AF_INET, settings.destination.c_str(), &destination.sin_addr) != 1)
    return Error{EINVAL, attempted, "\"" + settings.destination + "\" is no IPv4 address"};
  Endpoint endpoint{Descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), settings,
                    destination};
  if (!endpoint.descriptor.is_open())
    return last_error(attempted);
  const Outcome outcome = prepare(endpoint, attempted);
  if (!outcome.ok())
    return outcome.error();
  return endpoint;
}

Outcome send_datagram(const Endpoint &endpoint, std::span<const uint8_t> bytes) {
  const std::string attempted = "send " + std::to_string(bytes.size()) + " bytes to " + describe(endpoint);
  if (endpoint.settings.form == Form::broadcast) {
    auto address = broadcast_address(endpoint.descriptor.get(), endpoint.settings.interface, attempted);
    if (!address.ok())
      return address.error();
    if (address.value().s_addr != endpoint.destination.sin_addr.s_addr)
      return Error{EADDRNOTAVAIL, attempted, "the broadcast address is now " + dotted(address.value())};
  }
  const auto *destination = reinterpret_cast<const sockaddr *>(&endpoint.destination);
  ssize_t sent;
  do
    sent = sendto(endpoint.descriptor.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, destination,
                  sizeof endpoint.destination);
  while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return last_error(attempted);
  return Nothing{};
}

Result<std::optional<Datagram>> receive_datagram(const Endpoint &endpoint,
                                                 std::span<uint8_t, longest_datagram> buffer) {
  for (;;) {
    sockaddr_in source{};
    iovec space{buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))];
    msghdr message{};
    message.msg_name = &source;
    message.msg_namelen = sizeof source;
    message.msg_iov = &space;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = recvmsg(endpoint.descriptor.get(), &message, 0);
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return std::optional<Datagram>();
    if (length < 0)
      return last_error("receive on " + describe(endpoint));
    if (is_meant_for(endpoint, message))
      return std::optional<Datagram>(
          Datagram{buffer.first(static_cast<size_t>(length)), dotted(source.sin_addr)});
  }
}

} // namespace pulsebox::udp
