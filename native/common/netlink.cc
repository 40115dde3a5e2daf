// Messages and attributes of netlink: building, taking apart, and the conversation with the kernel.
// Lengths that the kernel (or whoever might pose as it) states are never trusted: every step is checked
// against what arrived. netlink(7), <linux/netlink.h>; extended acknowledgements:
// Documentation/userspace-api/netlink/intro.rst, "Ext ACK".

#include "netlink.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <sys/time.h>

namespace pulsebox::netlink {

namespace {

constexpr size_t longest_attribute = UINT16_MAX - NLA_HDRLEN;

template <typename T> std::optional<T> read(Bytes bytes) {
  if (bytes.size() < sizeof(T))
    return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

} // namespace

Request::Request(uint16_t type, uint16_t flags) {
  nlmsghdr head = {};
  head.nlmsg_type = type;
  head.nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK);
  append(&head, sizeof head);
}

void Request::append(const void *data, size_t length) {
  const auto *first = static_cast<const uint8_t *>(data);
  bytes.insert(bytes.end(), first, first + length);
  bytes.resize(NLMSG_ALIGN(bytes.size()));
}

Request &Request::attribute(uint16_t type, Bytes value) {
  if (value.size() > longest_attribute) {
    too_long = true;
    return *this;
  }
  const nlattr head = {static_cast<uint16_t>(NLA_HDRLEN + value.size()), type};
  append(&head, sizeof head);
  append(value.data(), value.size());
  return *this;
}

Request &Request::u32(uint16_t type, uint32_t value) {
  return attribute(type, Bytes(reinterpret_cast<const uint8_t *>(&value), sizeof value));
}

Request &Request::string(uint16_t type, const std::string &value) {
  return attribute(type, Bytes(reinterpret_cast<const uint8_t *>(value.c_str()), value.size() + 1));
}

Request &Request::nested(uint16_t type, const std::function<void(Request &)> &fill) {
  const size_t start = bytes.size();
  attribute(static_cast<uint16_t>(type | NLA_F_NESTED), {});
  fill(*this);
  const size_t length = bytes.size() - start;
  if (length > UINT16_MAX) {
    too_long = true;
    return *this;
  }
  const auto stated = static_cast<uint16_t>(length);
  std::memcpy(bytes.data() + start, &stated, sizeof stated);
  return *this;
}

std::optional<Bytes> Attributes::find(uint16_t type) const {
  std::optional<Bytes> found;
  Bytes rest = bytes;
  while (const auto head = read<nlattr>(rest)) {
    if (head->nla_len < NLA_HDRLEN || head->nla_len > rest.size())
      break;
    if ((head->nla_type & NLA_TYPE_MASK) == type)
      found = rest.subspan(NLA_HDRLEN, head->nla_len - NLA_HDRLEN);
    rest = rest.subspan(std::min<size_t>(NLA_ALIGN(head->nla_len), rest.size()));
  }
  return found;
}

std::optional<uint32_t> Attributes::u32(uint16_t type) const {
  const auto value = find(type);
  return value ? read<uint32_t>(*value) : std::nullopt;
}

std::optional<std::string> Attributes::string(uint16_t type) const {
  const auto value = find(type);
  if (!value)
    return std::nullopt;
  const auto *text = reinterpret_cast<const char *>(value->data());
  return std::string(text, strnlen(text, value->size()));
}

void each_message(Bytes datagram, const std::function<bool(const nlmsghdr &, const Answer &)> &visit) {
  while (const auto head = read<nlmsghdr>(datagram)) {
    if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > datagram.size())
      return;
    const Bytes payload = datagram.subspan(NLMSG_HDRLEN, head->nlmsg_len - NLMSG_HDRLEN);
    if (!visit(*head, Answer{head->nlmsg_type, head->nlmsg_flags, payload}))
      return;
    datagram = datagram.subspan(std::min<size_t>(NLMSG_ALIGN(head->nlmsg_len), datagram.size()));
  }
}

std::optional<Error> acknowledgement(const Answer &answer, const std::string &attempted) {
  const int code = read<int>(answer.payload).value_or(answer.type == NLMSG_ERROR ? -EBADMSG : 0);
  if (code == 0)
    return std::nullopt;
  Error error{-code, attempted};
  if ((answer.flags & NLM_F_ACK_TLVS) == 0)
    return error;
  size_t words = sizeof(int);
  if (answer.type == NLMSG_ERROR) {
    const auto refused = answer.header<nlmsgerr>();
    if (!refused)
      return error;
    words = sizeof(nlmsgerr);
    if ((answer.flags & NLM_F_CAPPED) == 0 && refused->msg.nlmsg_len >= NLMSG_HDRLEN)
      words += NLMSG_ALIGN(refused->msg.nlmsg_len - NLMSG_HDRLEN);
  }
  if (words < answer.payload.size())
    error.detail = Attributes(answer.payload.subspan(words)).string(NLMSGERR_ATTR_MSG).value_or("");
  return error;
}

Result<Socket> Socket::make(int protocol, int flags, uint32_t groups) {
  const std::string attempted = "open netlink protocol " + std::to_string(protocol);
  Socket made(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol));
  if (!made.fd.is_open())
    return last_error(attempted);
  const int on = 1;
  const timeval patience = {1, 0};
  sockaddr_nl local = {};
  local.nl_family = AF_NETLINK;
  local.nl_groups = groups;
  // Kernels before 4.12 have no words to send; everything else works there.
  setsockopt(made.fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(made.fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  if (setsockopt(made.fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
      bind(made.fd.get(), reinterpret_cast<sockaddr *>(&local), sizeof local) < 0)
    return last_error(attempted);
  return made;
}

Result<Socket> Socket::open(int protocol) {
  return make(protocol, 0, 0);
}

Result<Socket> Socket::subscribe(int protocol, uint32_t groups) {
  return make(protocol, SOCK_NONBLOCK, groups);
}

Result<Bytes> Socket::datagram() {
  sockaddr_nl from = {};
  iovec part = {buffer.data(), buffer.size()};
  msghdr message = {};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t length;
  do {
    length = recvmsg(fd.get(), &message, 0);
  } while (length < 0 && errno == EINTR);
  if (length < 0)
    return last_error("receive");
  if ((message.msg_flags & MSG_TRUNC) != 0)
    return Error{EMSGSIZE, "receive"};
  return from.nl_pid == 0 ? Bytes(buffer.data(), static_cast<size_t>(length)) : Bytes{};
}

Outcome Socket::exchange(Request &request, const std::string &attempted, const Visit &visit) {
  if (request.too_long)
    return Error{EMSGSIZE, attempted};
  auto *head = reinterpret_cast<nlmsghdr *>(request.bytes.data());
  head->nlmsg_len = static_cast<uint32_t>(request.bytes.size());
  head->nlmsg_seq = ++sequence;
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd.get(), request.bytes.data(), request.bytes.size(), 0, reinterpret_cast<sockaddr *>(&kernel),
             sizeof kernel) < 0)
    return last_error(attempted);

  bool finished = false;
  std::optional<Error> failed;
  while (!finished) {
    auto received = datagram();
    if (!received.ok()) {
      const int code = received.error().code;
      return Error{code == EAGAIN ? ETIMEDOUT : code, attempted};
    }
    each_message(received.value(), [&](const nlmsghdr &about, const Answer &answer) {
      if (about.nlmsg_seq != sequence)
        return true;
      if ((answer.flags & NLM_F_DUMP_INTR) != 0)
        failed = Error{EINTR, attempted};
      finished = answer.type == NLMSG_ERROR || answer.type == NLMSG_DONE;
      if (finished) {
        if (auto refused = acknowledgement(answer, attempted))
          failed = std::move(refused);
      } else if (answer.type != NLMSG_NOOP && visit) {
        visit(answer);
      }
      return !finished;
    });
  }
  if (failed)
    return *failed;
  return Nothing{};
}

Result<bool> Socket::receive(const Visit &visit) {
  auto received = datagram();
  if (!received.ok()) {
    if (received.error().code == EAGAIN)
      return false;
    return received.error();
  }
  each_message(received.value(), [&](const nlmsghdr &, const Answer &answer) {
    visit(answer);
    return true;
  });
  return true;
}

} // namespace pulsebox::netlink
