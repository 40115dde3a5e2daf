// The echo message of RFC 792 and RFC 4443 §4.1: type, code, checksum, identifier, sequence number, payload;
// numbers big-endian. A raw IPv4 socket receives the IP header as well and leaves the checksum to us, a raw
// ICMPv6 socket does neither (RFC 3542 §3.1). The socket filter is classic BPF
// (Documentation/networking/filter.rst).

#include "logic.h"

#include "../common/socket_option.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace pulsebox::icmp {

namespace {

constexpr size_t header_length = 8;
using Header = std::array<uint8_t, header_length>;

struct Words {
  const char *name;
  int domain;
  int protocol;
  uint8_t request;
  uint8_t reply;
};

constexpr Words ipv4 = {"IPv4", AF_INET, IPPROTO_ICMP, ICMP_ECHO, ICMP_ECHOREPLY};
constexpr Words ipv6 = {"IPv6", AF_INET6, IPPROTO_ICMPV6, ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY};

const Words &words_of(Family family) {
  return family == Family::ipv4 ? ipv4 : ipv6;
}

/** The sum of RFC 1071 over header and payload; the header's length is even, so that the words line up. */
uint16_t checksum(const Header &header, std::span<const uint8_t> payload) {
  uint64_t sum = 0;
  for (size_t at = 0; at < header.size(); at += 2)
    sum += static_cast<uint64_t>(header[at] << 8 | header[at + 1]);
  for (size_t at = 0; at < payload.size(); at += 2)
    sum += static_cast<uint64_t>(payload[at] << 8 | (at + 1 < payload.size() ? payload[at + 1] : 0));
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void put(Header &header, size_t at, uint16_t value) {
  header[at] = static_cast<uint8_t>(value >> 8);
  header[at + 1] = static_cast<uint8_t>(value);
}

uint16_t get(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

Outcome want_replies_only(const Endpoint &endpoint, const std::string &attempted) {
  if (endpoint.family == Family::ipv4) {
    const icmp_filter filter{~(1U << ICMP_ECHOREPLY)};
    return set_option(endpoint.descriptor, {SOL_RAW, ICMP_FILTER, "ICMP_FILTER"}, filter, attempted);
  }
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  return set_option(endpoint.descriptor, {IPPROTO_ICMPV6, ICMP6_FILTER, "ICMP6_FILTER"}, filter, attempted);
}

/** Lets through what carries our identifier, which is 4 bytes into the ICMP message. */
Outcome want_own_identifier(const Endpoint &endpoint, const std::string &attempted) {
  sock_filter program[] = {
      // X: where ICMP begins. With IPv4 that is behind the IP header, whose length its first byte tells.
      endpoint.family == Family::ipv4 ? sock_filter BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
                                      : sock_filter BPF_STMT(BPF_LDX | BPF_IMM, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, endpoint.identifier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, ~0U),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{std::size(program), program};
  return set_option(endpoint.descriptor, {SOL_SOCKET, SO_ATTACH_FILTER, "SO_ATTACH_FILTER"}, filter,
                    attempted);
}

std::optional<sockaddr_storage> address_of(Family family, const std::string &text) {
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(words_of(family).domain);
  void *place = family == Family::ipv4
                    ? static_cast<void *>(&reinterpret_cast<sockaddr_in *>(&address)->sin_addr)
                    : static_cast<void *>(&reinterpret_cast<sockaddr_in6 *>(&address)->sin6_addr);
  if (inet_pton(address.ss_family, text.c_str(), place) != 1)
    return std::nullopt;
  return address;
}

std::string text_of(const sockaddr_storage &address) {
  char text[INET6_ADDRSTRLEN];
  const void *place =
      address.ss_family == AF_INET
          ? static_cast<const void *>(&reinterpret_cast<const sockaddr_in *>(&address)->sin_addr)
          : static_cast<const void *>(&reinterpret_cast<const sockaddr_in6 *>(&address)->sin6_addr);
  return inet_ntop(address.ss_family, place, text, sizeof text) != nullptr ? text : "?";
}

/** The echo reply in what was received, if it is one of ours and whole; its source is not in there. */
std::optional<Reply> read_reply(const Endpoint &endpoint, std::span<const uint8_t> packet) {
  size_t start = 0;
  if (endpoint.family == Family::ipv4) {
    if (packet.empty())
      return std::nullopt;
    start = static_cast<size_t>(packet[0] & 0x0f) * 4;
  }
  if (packet.size() < start + header_length)
    return std::nullopt;
  const auto message = packet.subspan(start);
  const bool is_reply = message[0] == words_of(endpoint.family).reply && message[1] == 0;
  if (!is_reply || get(message, 4) != endpoint.identifier)
    return std::nullopt;
  return Reply{get(message, 6), message.subspan(header_length)};
}

} // namespace

Result<Endpoint> open_endpoint(Family family, uint16_t identifier) {
  const Words &words = words_of(family);
  const std::string attempted = std::string("open a raw ICMP socket for ") + words.name;
  Endpoint endpoint{Descriptor(socket(words.domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, words.protocol)),
                    family, identifier};
  if (!endpoint.descriptor.is_open())
    return last_error(attempted);
  for (const auto prepare : {want_replies_only, want_own_identifier}) {
    const Outcome outcome = prepare(endpoint, attempted);
    if (!outcome.ok())
      return outcome.error();
  }
  return endpoint;
}

Outcome send_echo(const Endpoint &endpoint, const std::string &target, uint16_t sequence,
                  std::span<const uint8_t> payload) {
  const Words &words = words_of(endpoint.family);
  const std::string attempted =
      "send an echo request of " + std::to_string(payload.size()) + " bytes to " + target;
  if (payload.size() > longest_payload)
    return Error{EMSGSIZE, attempted, "at most " + std::to_string(longest_payload) + " are allowed"};
  auto address = address_of(endpoint.family, target);
  if (!address)
    return Error{EINVAL, attempted, "\"" + target + "\" is no " + words.name + " address"};
  Header header{words.request};
  put(header, 4, endpoint.identifier);
  put(header, 6, sequence);
  if (endpoint.family == Family::ipv4)
    put(header, 2, checksum(header, payload));
  iovec parts[] = {{header.data(), header.size()}, {const_cast<uint8_t *>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_name = &*address;
  message.msg_namelen = endpoint.family == Family::ipv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t sent;
  do
    sent = sendmsg(endpoint.descriptor.get(), &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return last_error(attempted);
  return Nothing{};
}

Result<std::optional<Reply>> receive_reply(const Endpoint &endpoint,
                                           std::span<uint8_t, buffer_length> buffer) {
  for (;;) {
    sockaddr_storage source{};
    socklen_t source_length = sizeof source;
    const ssize_t length = recvfrom(endpoint.descriptor.get(), buffer.data(), buffer.size(), 0,
                                    reinterpret_cast<sockaddr *>(&source), &source_length);
    if (length < 0 && errno == EINTR)
      continue;
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return std::optional<Reply>();
    if (length < 0)
      return last_error(std::string("receive ICMP for ") + words_of(endpoint.family).name);
    auto reply = read_reply(endpoint, buffer.first(static_cast<size_t>(length)));
    if (!reply)
      continue;
    reply->source = text_of(source);
    return reply;
  }
}

} // namespace pulsebox::icmp
