#include "role/origin_door.h"

#include "role/party_names.h"
#include "wire/proxy_header.h"

namespace louver::role {
namespace {

wire::ProxyAddress as_told(const runtime::SocketAddress& address) {
  return {address.ip.octets(), address.ip.is_v4(), address.port};
}

wire::ProxyHeader header_of(const SessionLink& session) {
  wire::ProxyHeader out;
  const runtime::Link* link = session.link();
  if (link == nullptr || link->remote_address().port == 0) return out;
  out.kind = wire::ProxyHeader::Kind::addresses;
  out.source = as_told(link->remote_address());
  out.destination = as_told(link->local_address());
  return out;
}

}  // namespace

Result<runtime::Endpoint> endpoint_of(const config::Origin& origin) {
  if (origin.connect.is_local()) return runtime::Endpoint::local(origin.connect.path);
  return runtime::Endpoint::make(origin.connect.address, origin.connect.port);
}

Buffer proxy_header_for(const config::Origin& origin, const SessionLink& session, bool tell_parties) {
  if (!origin.proxy_protocol) return {};
  const wire::ProxyHeader header = header_of(session);
  if (origin.proxy_protocol == config::Origin::ProxyProtocol::v1) return wire::write_proxy_v1(header);
  if (!tell_parties) return wire::write_proxy_v2(header, {});
  const PartyNames names = party_names(session.record());
  std::vector<wire::ProxyTlv> tlvs{{tlv_client, names.client}};
  if (!names.middleboxes.empty()) tlvs.push_back({tlv_middleboxes, names.middleboxes});
  return wire::write_proxy_v2(header, tlvs);
}

}  // namespace louver::role
