// Addresses, links and routes as the kernel keeps them, by rtnetlink. Each function opens its own socket:
// nothing is remembered between calls, so a crash loses nothing. Addresses are text at this border and bytes
// on the wire (inet_pton(3)). Follows rtnetlink(7), <linux/rtnetlink.h>, <linux/if_addr.h>,
// <linux/if_link.h>.
#pragma once

#include "../common/netlink.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace pulsebox::ipalias {

struct Address {
  std::string interface;
  /** AF_INET or AF_INET6. */
  int family;
  std::string address;
  int prefix_length;
  std::optional<std::string> broadcast;
  std::optional<std::string> label;
  std::string scope;
  /** IPv4 only: the kernel removes it together with the primary address of its subnet (IFA_F_SECONDARY). */
  bool secondary;
};

struct Link {
  int index;
  std::string name;
  /** "veth", "bridge"…; hardware has none (IFLA_INFO_KIND). */
  std::optional<std::string> kind;
  std::string mac;
  uint32_t mtu;
  bool up;
  bool carrier;
  bool loopback;
};

struct Route {
  std::string destination;
  int prefix_length;
  std::string interface;
  std::optional<std::string> gateway;
  std::optional<uint32_t> metric;
  std::optional<std::string> source;
};

/** What `add_address` is asked for. */
struct NewAddress {
  std::string interface;
  std::string address;
  int prefix_length;
  std::optional<std::string> broadcast;
  std::optional<std::string> label;
};

struct DefaultRoute {
  std::string gateway;
  std::optional<std::string> interface;
  std::optional<uint32_t> metric;
};

Outcome add_address(const NewAddress &wanted);
Outcome delete_address(const std::string &interface, const std::string &address, int prefix_length);
Result<std::vector<Address>> list_addresses();

Result<std::vector<Link>> list_links();
Outcome set_link_up(const std::string &name, bool up);

/** Unicast routes of the main table; a multipath route gives one row for each next hop. */
Result<std::vector<Route>> list_routes();
Outcome add_default_route(const DefaultRoute &wanted);
/** The route that a packet to `address` would take now. */
Result<Route> look_up_route(const std::string &address);

/** What one turn of the monitor brought. A removed link is in `links` as down and without carrier. */
struct Changes {
  std::vector<Link> links;
  bool addresses = false;
  bool routes = false;
  /** Notifications were lost (ENOBUFS): everything must be read again. */
  bool overrun = false;
};

/** A socket that hears of links, IPv4 and IPv6 addresses and IPv4 routes. */
Result<netlink::Socket> open_monitor();
/** Takes what is waiting, but not endlessly: what is left makes the descriptor readable again. */
Result<Changes> read_changes(netlink::Socket &monitor);

/** Shared by address.cc, link.cc and route.cc. */
struct Ip {
  int family;
  /** In network byte order; the first 4 or 16 bytes count. */
  uint8_t bytes[16];

  size_t length() const {
    return family == AF_INET ? 4 : 16;
  }
  netlink::Bytes span() const {
    return {bytes, length()};
  }
};

std::optional<Ip> parse_ip(const std::string &text);
/** Nothing if the value has not the length that its family needs. */
std::optional<std::string> format_ip(int family, std::optional<netlink::Bytes> value);
/** "if7" for a link that vanished between the dump and the look-up. */
std::string interface_name(int index);
Result<int> interface_index(const std::string &name, const std::string &attempted);
/** Sends one request on a socket of its own; see netlink::Socket::exchange. */
Outcome ask(netlink::Request &request, const std::string &attempted, const netlink::Visit &visit = {});
/** Reads a whole table, again if it changed meanwhile; `visit` must not depend on seeing a row once. */
Outcome dump(const std::string &attempted, const std::function<netlink::Request()> &request,
             const std::function<void()> &start_over, const netlink::Visit &visit);
/** The link that a RTM_NEWLINK or RTM_DELLINK describes; nothing for a bridge port's message (AF_BRIDGE). */
std::optional<Link> to_link(const netlink::Answer &answer);

} // namespace pulsebox::ipalias
