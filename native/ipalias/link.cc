// Links: RTM_GETLINK, RTM_NEWLINK and RTM_DELLINK of rtnetlink(7), attributes of <linux/if_link.h>, flags of
// <linux/if.h>. Carrier is IFF_LOWER_UP, "driver signals L1 up" (netdevice(7)): false for a link that is
// down, whatever its cable says.

#include "logic.h"

#include <cerrno>
#include <cstdio>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace pulsebox::ipalias {

namespace {

std::string format_mac(std::optional<netlink::Bytes> value) {
  std::string text;
  for (const uint8_t byte : value.value_or(netlink::Bytes{})) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%s%02x", text.empty() ? "" : ":", byte);
    text += digits;
  }
  return text;
}

} // namespace

std::optional<Link> to_link(const netlink::Answer &answer) {
  const auto header = answer.header<ifinfomsg>();
  if (!header || header->ifi_family != AF_UNSPEC)
    return std::nullopt;
  if (answer.type != RTM_NEWLINK && answer.type != RTM_DELLINK)
    return std::nullopt;
  const auto attributes = answer.attributes<ifinfomsg>();
  const auto name = attributes.string(IFLA_IFNAME);
  if (!name)
    return std::nullopt;
  std::optional<std::string> kind;
  if (const auto information = attributes.find(IFLA_LINKINFO))
    kind = netlink::Attributes(*information).string(IFLA_INFO_KIND);
  const bool present = answer.type == RTM_NEWLINK;
  return Link{header->ifi_index,
              *name,
              kind,
              format_mac(attributes.find(IFLA_ADDRESS)),
              attributes.u32(IFLA_MTU).value_or(0),
              present && (header->ifi_flags & IFF_UP) != 0,
              present && (header->ifi_flags & IFF_LOWER_UP) != 0,
              (header->ifi_flags & IFF_LOOPBACK) != 0};
}

Result<std::vector<Link>> list_links() {
  std::vector<Link> links;
  const auto request = [] { return netlink::Request(RTM_GETLINK, NLM_F_DUMP).header(ifinfomsg{}); };
  const auto done = dump(
      "list links", request, [&] { links.clear(); },
      [&](const netlink::Answer &answer) {
        if (auto link = to_link(answer))
          links.push_back(std::move(*link));
      });
  if (!done.ok())
    return done.error();
  return links;
}

Outcome set_link_up(const std::string &name, bool up) {
  const std::string attempted = "set " + name + (up ? " up" : " down");
  auto index = interface_index(name, attempted);
  if (!index.ok())
    return index.error();
  ifinfomsg header = {};
  header.ifi_index = index.value();
  header.ifi_change = IFF_UP;
  header.ifi_flags = up ? IFF_UP : 0;
  netlink::Request request(RTM_NEWLINK);
  request.header(header);
  return ask(request, attempted);
}

} // namespace pulsebox::ipalias
