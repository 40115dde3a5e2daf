// Routes of the main table: RTM_GETROUTE and RTM_NEWROUTE of rtnetlink(7), attributes of <linux/rtnetlink.h>.
// A multipath route keeps its next hops in RTA_MULTIPATH, a list of rtnexthop each with attributes of its
// own.

#include "logic.h"

#include <algorithm>
#include <cerrno>
#include <linux/rtnetlink.h>

namespace pulsebox::ipalias {

namespace {

/** The table is an eight-bit field with an attribute for greater numbers. */
bool in_main_table(const rtmsg &header, const netlink::Attributes &attributes) {
  return attributes.u32(RTA_TABLE).value_or(header.rtm_table) == RT_TABLE_MAIN;
}

Route to_route(const rtmsg &header, const netlink::Attributes &attributes) {
  const int family = header.rtm_family;
  Route route;
  route.destination =
      format_ip(family, attributes.find(RTA_DST)).value_or(family == AF_INET ? "0.0.0.0" : "::");
  route.prefix_length = header.rtm_dst_len;
  route.interface = interface_name(static_cast<int>(attributes.u32(RTA_OIF).value_or(0)));
  route.gateway = format_ip(family, attributes.find(RTA_GATEWAY));
  route.metric = attributes.u32(RTA_PRIORITY);
  route.source = format_ip(family, attributes.find(RTA_PREFSRC));
  return route;
}

void add_next_hops(std::vector<Route> &routes, Route route, int family, netlink::Bytes hops) {
  while (hops.size() >= sizeof(rtnexthop)) {
    rtnexthop hop;
    std::memcpy(&hop, hops.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size())
      return;
    const netlink::Attributes attributes(hops.subspan(sizeof hop, hop.rtnh_len - sizeof hop));
    route.interface = interface_name(hop.rtnh_ifindex);
    route.gateway = format_ip(family, attributes.find(RTA_GATEWAY));
    routes.push_back(route);
    hops = hops.subspan(std::min<size_t>(RTNH_ALIGN(hop.rtnh_len), hops.size()));
  }
}

void add_route(std::vector<Route> &routes, const netlink::Answer &answer) {
  const auto header = answer.header<rtmsg>();
  if (answer.type != RTM_NEWROUTE || !header)
    return;
  if (header->rtm_family != AF_INET && header->rtm_family != AF_INET6)
    return;
  const auto attributes = answer.attributes<rtmsg>();
  const bool cached = (header->rtm_flags & RTM_F_CLONED) != 0;
  if (header->rtm_type != RTN_UNICAST || cached || !in_main_table(*header, attributes))
    return;
  Route route = to_route(*header, attributes);
  if (const auto hops = attributes.find(RTA_MULTIPATH))
    add_next_hops(routes, std::move(route), header->rtm_family, *hops);
  else
    routes.push_back(std::move(route));
}

} // namespace

Result<std::vector<Route>> list_routes() {
  std::vector<Route> routes;
  const auto request = [] { return netlink::Request(RTM_GETROUTE, NLM_F_DUMP).header(rtmsg{}); };
  const auto done = dump(
      "list routes", request, [&] { routes.clear(); },
      [&](const netlink::Answer &answer) { add_route(routes, answer); });
  if (!done.ok())
    return done.error();
  return routes;
}

Outcome add_default_route(const DefaultRoute &wanted) {
  const std::string attempted = "add the default route via " + wanted.gateway +
                                (wanted.interface ? " on " + *wanted.interface : std::string());
  const auto gateway = parse_ip(wanted.gateway);
  if (!gateway)
    return Error{EINVAL, attempted, "\"" + wanted.gateway + "\" is not an IP address"};
  rtmsg header = {};
  header.rtm_family = static_cast<uint8_t>(gateway->family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  netlink::Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  request.header(header).attribute(RTA_GATEWAY, gateway->span());
  if (wanted.interface) {
    auto index = interface_index(*wanted.interface, attempted);
    if (!index.ok())
      return index.error();
    request.u32(RTA_OIF, static_cast<uint32_t>(index.value()));
  }
  if (wanted.metric)
    request.u32(RTA_PRIORITY, *wanted.metric);
  return ask(request, attempted);
}

Result<Route> look_up_route(const std::string &address) {
  const std::string attempted = "look up the route to " + address;
  const auto ip = parse_ip(address);
  if (!ip)
    return Error{EINVAL, attempted, "\"" + address + "\" is not an IP address"};
  rtmsg header = {};
  header.rtm_family = static_cast<uint8_t>(ip->family);
  header.rtm_dst_len = static_cast<uint8_t>(ip->length() * 8);
  netlink::Request request(RTM_GETROUTE);
  request.header(header).attribute(RTA_DST, ip->span());
  std::optional<Route> found;
  const auto done = ask(request, attempted, [&](const netlink::Answer &answer) {
    const auto said = answer.header<rtmsg>();
    if (answer.type == RTM_NEWROUTE && said)
      found = to_route(*said, answer.attributes<rtmsg>());
  });
  if (!done.ok())
    return done.error();
  if (!found)
    return Error{EBADMSG, attempted, "the kernel's answer holds no route"};
  return *found;
}

} // namespace pulsebox::ipalias
