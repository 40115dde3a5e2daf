// What addresses, links and routes share: text and bytes of addresses, names and numbers of interfaces, the
// reading of a table that may change underneath, and the monitor. rtnetlink(7); interrupted dumps:
// NLM_F_DUMP_INTR in <linux/netlink.h>.

#include "logic.h"

#include <arpa/inet.h>
#include <cerrno>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace pulsebox::ipalias {

namespace {

constexpr int dump_attempts = 10;
/** Datagrams taken in one turn of the event loop. */
constexpr int datagrams_per_turn = 64;
constexpr uint32_t monitored = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE;

void note(Changes &changes, const netlink::Answer &answer) {
  switch (answer.type) {
  case RTM_NEWLINK:
  case RTM_DELLINK:
    if (auto link = to_link(answer))
      changes.links.push_back(std::move(*link));
    break;
  case RTM_NEWADDR:
  case RTM_DELADDR:
    changes.addresses = true;
    break;
  case RTM_NEWROUTE:
  case RTM_DELROUTE:
    changes.routes = true;
    break;
  default:
    break;
  }
}

} // namespace

std::optional<Ip> parse_ip(const std::string &text) {
  Ip ip = {};
  ip.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(ip.family, text.c_str(), ip.bytes) != 1)
    return std::nullopt;
  return ip;
}

std::optional<std::string> format_ip(int family, std::optional<netlink::Bytes> value) {
  char text[INET6_ADDRSTRLEN] = "";
  if (!value || value->size() != (family == AF_INET ? 4u : 16u))
    return std::nullopt;
  if (inet_ntop(family, value->data(), text, sizeof text) == nullptr)
    return std::nullopt;
  return text;
}

std::string interface_name(int index) {
  char name[IF_NAMESIZE] = "";
  const char *found = if_indextoname(static_cast<unsigned>(index), name);
  return found != nullptr ? found : "if" + std::to_string(index);
}

Result<int> interface_index(const std::string &name, const std::string &attempted) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0)
    return last_error(attempted);
  return static_cast<int>(index);
}

Outcome ask(netlink::Request &request, const std::string &attempted, const netlink::Visit &visit) {
  auto socket = netlink::Socket::open(NETLINK_ROUTE);
  if (!socket.ok())
    return Error{socket.error().code, attempted};
  return socket.value().exchange(request, attempted, visit);
}

Outcome dump(const std::string &attempted, const std::function<netlink::Request()> &request,
             const std::function<void()> &start_over, const netlink::Visit &visit) {
  for (int attempt = 1;; attempt++) {
    start_over();
    netlink::Request asked = request();
    auto done = ask(asked, attempted, visit);
    if (done.ok() || done.error().code != EINTR || attempt == dump_attempts)
      return done;
  }
}

Result<netlink::Socket> open_monitor() {
  return netlink::Socket::subscribe(NETLINK_ROUTE, monitored);
}

Result<Changes> read_changes(netlink::Socket &monitor) {
  Changes changes;
  for (int taken = 0; taken < datagrams_per_turn; taken++) {
    auto more = monitor.receive([&](const netlink::Answer &answer) { note(changes, answer); });
    if (!more.ok() && more.error().code == ENOBUFS)
      changes.overrun = true;
    else if (!more.ok())
      return Error{more.error().code, "monitor the network"};
    else if (!more.value())
      break;
  }
  return changes;
}

} // namespace pulsebox::ipalias
