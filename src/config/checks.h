#pragma once

#include "config/where.h"

/// Rules between the keys of one table, and between tables: what no key can be asked by itself. Each is called when its
/// table has been read.
namespace louver::config {

template <class S>
Result<> check(const S&, const Where&, Place) {
  return {};
}

Result<> check(const TrustFile& trust, const Where& where, Place place);
Result<> check(const Limits& limits, const Where& where, Place place);
Result<> check(const RouteMiddlebox& middlebox, const Where& where, Place place);
Result<> check(const Route& route, const Where& where, Place place);
Result<> check(const HttpListener& listener, const Where& where, Place place);
Result<> check(const TcpListener& listener, const Where& where, Place place);
Result<> check(const Next& next, const Where& where, Place place);
Result<> check(const EditFilter& filter, const Where& where, Place place);
Result<> check(const ScanFilter& filter, const Where& where, Place place);
Result<> check(const ExecFilter& filter, const Where& where, Place place);
Result<> check(const SecretFilter& filter, const Where& where, Place place);
Result<> check(const IcapFilter& filter, const Where& where, Place place);
Result<> check(const MirrorFilter& filter, const Where& where, Place place);
Result<> check(const ValidateFilter& filter, const Where& where, Place place);
Result<> check(const Approval& approval, const Where& where, Place place);
Result<> check(const GatewayPolicy& policy, const Where& where, Place place);
Result<> check(const Origin& origin, const Where& where, Place place);
Result<> check(const Common& common, const Where& where, Place place);
Result<> check(const Agent& agent, const Where& where, Place place);
Result<> check(const Middlebox& middlebox, const Where& where, Place place);
Result<> check(const Gateway& gateway, const Where& where, Place place);

}  // namespace louver::config
