// Addresses of interfaces: RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR of rtnetlink(7), attributes of
// <linux/if_addr.h>. IFA_LOCAL is the interface's own address; IFA_ADDRESS is the peer's on a point-to-point
// link and the same elsewhere. IPv6 sends only IFA_ADDRESS.

#include "logic.h"

#include <arpa/inet.h>
#include <cerrno>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace pulsebox::ipalias {

namespace {

std::string scope_name(uint8_t scope) {
  switch (scope) {
  case RT_SCOPE_UNIVERSE:
    return "global";
  case RT_SCOPE_SITE:
    return "site";
  case RT_SCOPE_LINK:
    return "link";
  case RT_SCOPE_HOST:
    return "host";
  case RT_SCOPE_NOWHERE:
    return "nowhere";
  default:
    return std::to_string(scope);
  }
}

/** 127.0.0.0/8 never leaves the box, and the kernel wants it told (as ip-address(8) does). */
uint8_t scope_of(const Ip &ip) {
  return ip.family == AF_INET && ip.bytes[0] == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

Result<Ip> checked(const std::string &address, int prefix_length, const std::string &attempted) {
  const auto ip = parse_ip(address);
  if (!ip)
    return Error{EINVAL, attempted, "\"" + address + "\" is not an IP address"};
  const int longest = ip->family == AF_INET ? 32 : 128;
  if (prefix_length < 0 || prefix_length > longest)
    return Error{EINVAL, attempted, "the prefix length must be 0 to " + std::to_string(longest)};
  return *ip;
}

ifaddrmsg header_of(const Ip &ip, int prefix_length, int index) {
  ifaddrmsg header = {};
  header.ifa_family = static_cast<uint8_t>(ip.family);
  header.ifa_prefixlen = static_cast<uint8_t>(prefix_length);
  header.ifa_scope = scope_of(ip);
  header.ifa_index = static_cast<uint32_t>(index);
  return header;
}

std::optional<Address> to_address(const netlink::Answer &answer) {
  const auto header = answer.header<ifaddrmsg>();
  if (answer.type != RTM_NEWADDR || !header)
    return std::nullopt;
  const int family = header->ifa_family;
  if (family != AF_INET && family != AF_INET6)
    return std::nullopt;
  const auto attributes = answer.attributes<ifaddrmsg>();
  auto text = format_ip(family, attributes.find(IFA_LOCAL));
  if (!text)
    text = format_ip(family, attributes.find(IFA_ADDRESS));
  if (!text)
    return std::nullopt;
  // The header holds only the lowest eight flags.
  const uint32_t flags = attributes.u32(IFA_FLAGS).value_or(header->ifa_flags);
  return Address{interface_name(static_cast<int>(header->ifa_index)),
                 family,
                 *text,
                 header->ifa_prefixlen,
                 format_ip(family, attributes.find(IFA_BROADCAST)),
                 attributes.string(IFA_LABEL),
                 scope_name(header->ifa_scope),
                 family == AF_INET && (flags & IFA_F_SECONDARY) != 0};
}

} // namespace

Outcome add_address(const NewAddress &wanted) {
  const std::string attempted =
      "add " + wanted.address + "/" + std::to_string(wanted.prefix_length) + " to " + wanted.interface;
  auto ip = checked(wanted.address, wanted.prefix_length, attempted);
  if (!ip.ok())
    return ip.error();
  auto index = interface_index(wanted.interface, attempted);
  if (!index.ok())
    return index.error();
  netlink::Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  request.header(header_of(ip.value(), wanted.prefix_length, index.value()));
  request.attribute(IFA_LOCAL, ip.value().span()).attribute(IFA_ADDRESS, ip.value().span());
  if (wanted.broadcast) {
    const auto broadcast = parse_ip(*wanted.broadcast);
    if (!broadcast || broadcast->family != AF_INET)
      return Error{EINVAL, attempted, "broadcast \"" + *wanted.broadcast + "\" is not an IPv4 address"};
    if (ip.value().family != AF_INET)
      return Error{EINVAL, attempted, "an IPv6 address has no broadcast address"};
    request.attribute(IFA_BROADCAST, broadcast->span());
  }
  if (wanted.label)
    request.string(IFA_LABEL, *wanted.label);
  return ask(request, attempted);
}

Outcome delete_address(const std::string &interface, const std::string &address, int prefix_length) {
  const std::string attempted =
      "delete " + address + "/" + std::to_string(prefix_length) + " from " + interface;
  auto ip = checked(address, prefix_length, attempted);
  if (!ip.ok())
    return ip.error();
  auto index = interface_index(interface, attempted);
  if (!index.ok())
    return index.error();
  netlink::Request request(RTM_DELADDR);
  request.header(header_of(ip.value(), prefix_length, index.value()));
  request.attribute(IFA_LOCAL, ip.value().span()).attribute(IFA_ADDRESS, ip.value().span());
  return ask(request, attempted);
}

Result<std::vector<Address>> list_addresses() {
  std::vector<Address> addresses;
  const auto request = [] { return netlink::Request(RTM_GETADDR, NLM_F_DUMP).header(ifaddrmsg{}); };
  const auto done = dump(
      "list addresses", request, [&] { addresses.clear(); },
      [&](const netlink::Answer &answer) {
        if (auto address = to_address(answer))
          addresses.push_back(std::move(*address));
      });
  if (!done.ok())
    return done.error();
  return addresses;
}

} // namespace pulsebox::ipalias
