#include "role/proxied_entry.h"

#include "wire/proxy_header.h"

namespace louver::role {
namespace {

/// From the accepted connection to the last octet of the header; proxies send it at once.
constexpr std::chrono::seconds header_deadline{5};

std::string show(const wire::ProxyAddress& address) {
  const auto& o = address.octets;
  const runtime::IpAddress ip =
      address.is_v4 ? runtime::IpAddress::v4({o[0], o[1], o[2], o[3]}) : runtime::IpAddress::v6(o);
  return runtime::SocketAddress{ip, address.port}.to_string();
}

std::string source_of(const wire::ProxyHeader& header) {
  switch (header.kind) {
    case wire::ProxyHeader::Kind::addresses:
      return show(header.source);
    case wire::ProxyHeader::Kind::local:
      return "local";
    case wire::ProxyHeader::Kind::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

void ProxiedEntry::open(Household& household, Station& station, runtime::Socket socket, Admit admit, Refused refused) {
  std::shared_ptr<ProxiedEntry> made{new ProxiedEntry{household, station, std::move(admit), std::move(refused)}};
  made->link_ =
      std::make_unique<SidedLink>(household.loop(), std::move(socket), *made, Side::client, station.link_options);
  household.move_in(made);
  made->timer_.expires_at(runtime::now() + header_deadline, [&self = *made] {
    self.refuse(Error{Fault::timeout, "PROXY header: it did not come in time"});
  });
  made->link_->link().resume_reading();
}

ProxiedEntry::ProxiedEntry(Household& household, Station& station, Admit admit, Refused refused)
    : household_(household),
      station_(station),
      admit_(std::move(admit)),
      refused_(std::move(refused)),
      timer_(household.loop()) {}

std::size_t ProxiedEntry::on_bytes(Side, MutableBytes input, const runtime::ChunkRef&) {
  if (over_) return input.size();
  if (whole_) return 0;
  const auto header = wire::read_proxy_header(input);
  if (!header) {
    refuse(header.error());
    return input.size();
  }
  if (!*header) return 0;
  whole_ = true;
  timer_.cancel();
  station_.log.write(observe::Level::debug, observe::Event::connection_proxied,
                     {{"peer", link_->link().remote_address().to_string()}, {"source", source_of(**header)}});
  link_->link().pause_reading();  // what is behind the header comes to whoever takes over
  household_.loop().post([self = shared_from_this(), this] { hand_over(); });
  return (*header)->octets;
}

void ProxiedEntry::hand_over() {
  if (over_ || !link_->link().is_open()) return;
  SidedLinkPtr link = std::move(link_);
  const Admit admit = std::move(admit_);
  leave();
  admit(std::move(link));
}

void ProxiedEntry::refuse(const Error& why) {
  if (over_) return;
  refused_(why);
  abort();
}

void ProxiedEntry::abort() {
  if (link_ != nullptr && link_->link().is_open()) link_->link().abort();
  leave();
}

void ProxiedEntry::leave() {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  household_.move_out(*this);
}

}  // namespace louver::role
