#include "runtime/connection_user.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>

#include "base/limits.h"
#include "runtime/local_socket.h"
#include "runtime/sockaddr.h"
#include "runtime/system_error.h"

namespace louver::runtime {
namespace {

/// The kernel answers before sendto() returns; were it otherwise, a loop would not wait longer than this.
constexpr timeval longest_wait{.tv_sec = 0, .tv_usec = 20'000};
/// Answers to earlier questions that came too late may lie in front of ours.
constexpr int answers_read = 8;

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

void put(const SocketAddress& address, __be16& port, __be32 (&room)[4]) {
  port = htons(address.port);
  std::memcpy(room, address.ip.octets().data(), sizeof room);  // an IPv4 address is followed by zeros
}

SocketAddress taken(std::uint8_t family, __be16 port, const __be32 (&from)[4]) {
  std::array<std::uint8_t, 16> octets{};
  std::memcpy(octets.data(), from, octets.size());
  const IpAddress ip = family == AF_INET ? IpAddress::v4({octets[0], octets[1], octets[2], octets[3]})
                                         : IpAddress::v6(octets).unmapped();
  return {ip, ntohs(port)};
}

/// In a user namespace the kernel shows all users that are unknown there as one number, which may be somebody's too.
std::optional<uid_t> user_of_all_unknown() {
  std::ifstream map{"/proc/self/uid_map"};
  std::uint64_t inside = 1, outside = 1, count = 0;
  map >> inside >> outside >> count;
  if (map && inside == 0 && count == std::uint64_t{0xffff'ffff}) return std::nullopt;  // every user is known here
  std::ifstream overflow{"/proc/sys/kernel/overflowuid"};
  uid_t id = 65534;
  overflow >> id;
  return id;
}

const std::optional<uid_t>& nobody_in_particular() {
  static const std::optional<uid_t> user = user_of_all_unknown();
  return user;
}

/// The connection stood while its user was asked for, so no other can have had its addresses.
bool still_stands(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT;
}

bool is_of_this_machine(const Socket& accepted) {
  const IpAddress& peer = accepted.remote.ip;
  return kind_of(peer) == AddressKind::loopback || kind_of(peer) == AddressKind::unspecified ||
         peer == accepted.local.ip || is_own_address(peer);
}

}  // namespace

/// A socket that the kernel knows: open to somebody, or left behind by its process (no inode, and then no user).
struct ConnectionUsers::Found {
  std::optional<uid_t> user;
};

std::string to_string(const ConnectionUser& user) {
  switch (user.kind) {
    case ConnectionUser::Kind::local:
      return std::to_string(user.id);
    case ConnectionUser::Kind::remote:
      return "remote";
    case ConnectionUser::Kind::unknown:
      break;
  }
  return "unknown";
}

std::optional<ConnectionUser> user_of_local(const Socket& accepted) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  if (::getsockopt(accepted.descriptor.fd(), SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 || family != AF_UNIX)
    return std::nullopt;
  const auto user = local_user_of(accepted.descriptor.fd());
  if (!user || user == nobody_in_particular()) return ConnectionUser{};
  return ConnectionUser::local(*user);
}

Result<ConnectionUsers> ConnectionUsers::open() {
  Descriptor socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  if (!socket) return system_fault(Fault::internal_error, "asking the kernel for users of connections", errno);
  if (::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait) != 0)
    return system_fault(Fault::internal_error, "asking the kernel for users of connections", errno);
  ConnectionUsers out{std::move(socket)};
  LOUVER_TRY(out.try_out());
  return out;
}

/// With a connection of our own. Where there is no IPv4 on loopback, there is nothing to try it with.
Result<> ConnectionUsers::try_out() {
  const NativeAddress any_port = native({IpAddress::v4({127, 0, 0, 1}), 0});
  const Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!listener || ::bind(listener.fd(), any_port.get(), any_port.size) != 0 || ::listen(listener.fd(), 1) != 0)
    return {};
  const SocketAddress where = local_address_of(listener.fd());
  const NativeAddress address = native(where);
  const Descriptor connection{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (::connect(connection.fd(), address.get(), address.size) != 0 && errno != EINPROGRESS) return {};
  const std::lock_guard lock{mutex_};
  const auto found = ask(local_address_of(connection.fd()), where);
  if (found && found->user == ::geteuid()) return {};
  return Error{Fault::internal_error, "this kernel does not tell users of connections (sock_diag)"};
}

ConnectionUsers::ConnectionUsers(ConnectionUsers&& from) noexcept
    : socket_(std::move(from.socket_)), asked_(from.asked_) {}

ConnectionUser ConnectionUsers::of(const Socket& accepted) {
  const std::lock_guard lock{mutex_};
  // The socket of the other end: its own address is our peer's.
  const auto found = ask(accepted.remote, accepted.local);
  if (!still_stands(accepted.descriptor.fd())) return {};
  if (found && found->user) return ConnectionUser::local(*found->user);
  if (found || is_of_this_machine(accepted)) return {};
  return {ConnectionUser::Kind::remote, 0};
}

/// Nothing if the kernel knows no such socket, or does not answer.
std::optional<ConnectionUsers::Found> ConnectionUsers::ask(const SocketAddress& source,
                                                           const SocketAddress& destination) {
  Question question{};
  question.header = {.nlmsg_len = sizeof question,
                     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                     .nlmsg_flags = NLM_F_REQUEST,
                     .nlmsg_seq = ++asked_,
                     .nlmsg_pid = 0};
  question.request.sdiag_family = source.ip.is_v4() ? AF_INET : AF_INET6;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0U;
  put(source, question.request.id.idiag_sport, question.request.id.idiag_src);
  put(destination, question.request.id.idiag_dport, question.request.id.idiag_dst);
  question.request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const auto sent = ::sendto(socket_.fd(), &question, sizeof question, MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  if (sent != static_cast<ssize_t>(sizeof question)) return std::nullopt;

  for (int i = 0; i < answers_read; ++i) {
    alignas(nlmsghdr) std::array<std::uint8_t, 2048> room{};
    sockaddr_nl from{};
    socklen_t from_size = sizeof from;
    const ssize_t got =
        ::recvfrom(socket_.fd(), room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (from.nl_pid != 0 || got < static_cast<ssize_t>(sizeof(nlmsghdr))) continue;  // not from the kernel
    nlmsghdr header{};
    std::memcpy(&header, room.data(), sizeof header);
    if (header.nlmsg_seq != asked_) continue;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || got < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof(inet_diag_msg)))
      return std::nullopt;
    inet_diag_msg said{};
    std::memcpy(&said, room.data() + NLMSG_HDRLEN, sizeof said);
    // Without such a connection the kernel shows whoever listens on that port.
    const bool connected =
        said.idiag_state == TCP_ESTABLISHED || said.idiag_state == TCP_FIN_WAIT1 || said.idiag_state == TCP_FIN_WAIT2;
    const bool same = taken(said.idiag_family, said.id.idiag_sport, said.id.idiag_src) == source &&
                      taken(said.idiag_family, said.id.idiag_dport, said.id.idiag_dst) == destination;
    if (!same) return std::nullopt;
    // Once its process has closed it, a socket has no inode, and its user reads as 0: that is not root.
    if (!connected || said.idiag_inode == 0 || said.idiag_uid == nobody_in_particular()) return Found{};
    return Found{said.idiag_uid};
  }
  return std::nullopt;
}

}  // namespace louver::runtime
