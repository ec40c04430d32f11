#include "tls/bad_certificates.h"

#include "tls/role.h"

namespace louver::tls::test {
namespace {

using namespace std::string_literals;

Role other_than(Role role) { return role == Role::client ? Role::server : Role::client; }

Spec good(Role role) { return good_leaf(role, peer_name); }

/// A leaf right below the root.
Material below_root(const Spec& spec) { return {make(spec, &root()), {}, trust_in(root())}; }

Material with_usages(std::vector<std::string> usages) {
  Spec spec = good(Role::client);
  spec.usages = std::move(usages);
  return below_root(spec);
}

Material with_names(Role role, std::vector<std::string> dns) {
  Spec spec = good(role);
  spec.dns = std::move(dns);
  return below_root(spec);
}

/// A leaf below an intermediate authority that has been spoiled.
Material below(Spec authority, Role role) {
  Party intermediate = make(authority, &root());
  Party leaf = make(good(role), &intermediate);
  std::vector<Party> intermediates;
  intermediates.push_back(std::move(intermediate));
  return {std::move(leaf), std::move(intermediates), trust_in(root())};
}

Spec authority() {
  Spec spec{.common_name = "an intermediate authority"};
  spec.basic_constraints = "critical,CA:TRUE";
  spec.key_usage = "critical,keyCertSign";
  spec.ends = 24h * 300;
  return spec;
}

Material by_uri(std::vector<std::string> uris, std::vector<std::string> usages = {}) {
  Spec spec;
  spec.dns = {peer_name};
  spec.uris = std::move(uris);
  spec.usages = std::move(usages);
  return {make(spec, &root()), {}, trust_in(root(), uri_patterns())};
}

Material chain_of(int intermediates, Role role, bool send_them) {
  std::vector<Party> chain;
  for (int i = 0; i < intermediates; ++i) {
    Spec spec = authority();
    spec.common_name += std::to_string(i);
    chain.insert(chain.begin(), make(spec, i == 0 ? &root() : &chain.front()));
  }
  Party leaf = make(good(role), &chain.front());
  if (!send_them) chain.clear();
  return {std::move(leaf), std::move(chain), trust_in(root())};
}

std::vector<BadCertificate> wrong_kinds() {
  constexpr Fault role_fault = Fault::certificate_role;
  return {
      {"no extended key usage", role_fault, [](Role) { return with_usages({}); }},
      {"any extended key usage", role_fault, [](Role) { return with_usages({"anyExtendedKeyUsage"}); }},
      {"only serverAuth", role_fault, [](Role) { return with_usages({"serverAuth"}); }},
      {"only clientAuth", role_fault, [](Role) { return with_usages({"clientAuth"}); }},
      {"ours and serverAuth", role_fault,
       [](Role role) {
         return with_usages({usage_oid(role), "serverAuth"});
       }},
      {"ours and any", role_fault,
       [](Role role) {
         return with_usages({"anyExtendedKeyUsage", usage_oid(role)});
       }},
      {"two roles", role_fault,
       [](Role role) {
         return with_usages({usage_oid(role), usage_oid(other_than(role))});
       }},
      {"ours twice", role_fault,
       [](Role role) {
         return with_usages({usage_oid(role), usage_oid(role)});
       }},
      {"another role", role_fault, [](Role role) { return with_usages({usage_oid(other_than(role))}); }},
      {"an arc below ours", role_fault, [](Role role) { return with_usages({usage_oid(role) + ".1"s}); }},
      {"an authority", role_fault,
       [](Role role) {
         Spec spec = good(role);
         spec.basic_constraints = "critical,CA:TRUE";
         spec.key_usage = "critical,digitalSignature,keyCertSign";
         return below_root(spec);
       }},
      {"may not sign", role_fault,
       [](Role role) {
         Spec spec = good(role);
         spec.key_usage = "critical,keyAgreement";
         return below_root(spec);
       }},
      {"issuer limited to serverAuth", role_fault,
       [](Role role) {
         Spec issuer = authority();
         issuer.usages = {"serverAuth"};
         return below(issuer, role);
       }},
      {"issuer limited to another role", role_fault,
       [](Role role) {
         Spec issuer = authority();
         issuer.usages = {usage_oid(other_than(role))};
         return below(issuer, role);
       }},
      {"issuer with any extended key usage", role_fault,
       [](Role role) {
         Spec issuer = authority();
         issuer.usages = {"anyExtendedKeyUsage"};
         return below(issuer, role);
       }},
      {"role by URI where the anchor demands a usage", role_fault,
       [](Role role) {
         Spec spec;
         spec.dns = {peer_name};
         spec.uris = {uri_for(role)};
         return below_root(spec);
       }},
      {"role by usage where the anchor demands a URI", role_fault,
       [](Role role) { return by_uri({}, {usage_oid(role)}); }},
      {"URI of another role", role_fault, [](Role role) { return by_uri({uri_for(other_than(role))}); }},
      {"URI of no role", role_fault, [](Role) { return by_uri({"spiffe://example/louver/other/x"}); }},
      {"URI that goes on", role_fault, [](Role role) { return by_uri({uri_for(role) + "/more"}); }},
      {"URI of another scheme", role_fault, [](Role) { return by_uri({"https://example/louver/server/x"}); }},
      {"two URIs", role_fault,
       [](Role role) {
         return by_uri({uri_for(role), uri_for(role) + "2"});
       }},
      {"a URI beside the right one", role_fault,
       [](Role role) {
         return by_uri({uri_for(role), "urn:something"});
       }},
      {"URI and usage disagree", role_fault,
       [](Role role) { return by_uri({uri_for(role)}, {usage_oid(other_than(role))}); }},
  };
}

std::vector<BadCertificate> wrong_names() {
  constexpr Fault name_fault = Fault::certificate_name;
  return {
      {"another name", name_fault, [](Role role) { return with_names(role, {"other.example"}); }},
      {"a longer name", name_fault, [](Role role) { return with_names(role, {"peer.example.org"}); }},
      {"a name below", name_fault, [](Role role) { return with_names(role, {"a.peer.example"}); }},
      {"a name above", name_fault, [](Role role) { return with_names(role, {"example"}); }},
      {"name in the common name only", name_fault,
       [](Role role) {
         Spec spec = good(role);
         spec.common_name = peer_name;
         spec.dns.clear();
         return below_root(spec);
       }},
      {"common name right, alternative name wrong", name_fault,
       [](Role role) {
         Spec spec = good(role);
         spec.common_name = peer_name;
         spec.dns = {"other.example"};
         return below_root(spec);
       }},
      {"wildcard", name_fault, [](Role role) { return with_names(role, {"*.example"}); }},
      {"wildcard beside the name", name_fault,
       [](Role role) {
         return with_names(role, {"*.example", peer_name});
       }},
      {"NUL inside", name_fault, [](Role role) { return with_names(role, {"peer.example\0.evil.example"s}); }},
      {"NUL at the end", name_fault, [](Role role) { return with_names(role, {"peer.example\0"s}); }},
      {"upper case", name_fault, [](Role role) { return with_names(role, {"Peer.example"}); }},
      {"final dot", name_fault, [](Role role) { return with_names(role, {"peer.example."}); }},
      {"an address as name", name_fault, [](Role role) { return with_names(role, {"192.0.2.1"}); }},
      {"only an address", name_fault,
       [](Role role) {
         Spec spec = good(role);
         spec.dns.clear();
         spec.ips = {"\xc0\x00\x02\x01"s};
         return below_root(spec);
       }},
      {"SPIFFE id with dots", name_fault,
       [](Role role) {
         Spec spec = good(role);
         spec.uris = {"spiffe://example/x/../louver/peer"};
         return below_root(spec);
       }},
      {"SPIFFE id with an escaped slash", name_fault, [](Role role) { return by_uri({uri_for(role) + "%2fx"}); }},
      {"SPIFFE id with a final slash", name_fault, [](Role role) { return by_uri({uri_for(role) + "/"}); }},
  };
}

std::vector<BadCertificate> invalid_leaves() {
  constexpr Fault invalid = Fault::certificate_invalid;
  return {
      {"expired", invalid,
       [](Role role) {
         Spec spec = good(role);
         spec.begins = -2h;
         spec.ends = -1s;
         return below_root(spec);
       }},
      {"not yet valid", invalid,
       [](Role role) {
         Spec spec = good(role);
         spec.begins = 1min;
         return below_root(spec);
       }},
      {"unknown authority", invalid,
       [](Role role) {
         const Party stranger = make_authority("an authority nobody knows");
         return Material{make(good(role), &stranger), {}, trust_in(root())};
       }},
      {"authority of the same name, another key", invalid,
       [](Role role) {
         const Party impostor = make_authority("the root");
         return Material{make(good(role), &impostor), {}, trust_in(root())};
       }},
      {"self-signed", invalid,
       [](Role role) {
         return Material{make(good(role), nullptr), {}, trust_in(root())};
       }},
      {"RSA with 1024 bits", invalid,
       [](Role role) {
         Spec spec = good(role);
         spec.key = KeyKind::rsa1024;
         return below_root(spec);
       }},
      {"signed with SHA-1", invalid,
       [](Role role) {
         Spec spec = good(role);
         spec.digest = "SHA1";
         return below_root(spec);
       }},
      {"signed with MD5", invalid,
       [](Role role) {
         static const Party rsa_root = [] {
           Spec spec = authority();
           spec.common_name = "an RSA root";
           spec.key = KeyKind::rsa2048;
           return make(spec, nullptr);
         }();
         Spec spec = good(role);
         spec.digest = "MD5";
         return Material{make(spec, &rsa_root), {}, trust_in(rsa_root)};
       }},
      {"unknown critical extension", invalid,
       [](Role role) {
         Spec spec = good(role);
         spec.unknown_critical_oid = "2.999.7";
         return below_root(spec);
       }},
      {"two alternative name extensions", invalid,
       [](Role role) {
         Spec spec = good(role);
         spec.second_alternative_name = true;
         return below_root(spec);
       }},
  };
}

std::vector<BadCertificate> invalid_chains() {
  constexpr Fault invalid = Fault::certificate_invalid;
  return {
      {"issued by a leaf", invalid,
       [](Role role) {
         Spec issuer = good(role);
         issuer.common_name = "a leaf that issues";
         return below(issuer, role);
       }},
      {"issued by an authority that may not issue", invalid,
       [](Role role) {
         Spec issuer = authority();
         issuer.key_usage = "critical,digitalSignature";
         return below(issuer, role);
       }},
      {"expired authority", invalid,
       [](Role role) {
         Spec issuer = authority();
         issuer.begins = -2h;
         issuer.ends = -1h;
         return below(issuer, role);
       }},
      {"weakly signed authority", invalid,
       [](Role role) {
         Spec issuer = authority();
         issuer.digest = "SHA1";
         return below(issuer, role);
       }},
      {"weak key of the authority", invalid,
       [](Role role) {
         Spec issuer = authority();
         issuer.key = KeyKind::rsa1024;
         return below(issuer, role);
       }},
      {"path length", invalid,
       [](Role role) {
         static const Party short_root = [] {
           Spec spec = authority();
           spec.common_name = "a root with path length 0";
           spec.basic_constraints = "critical,CA:TRUE,pathlen:0";
           return make(spec, nullptr);
         }();
         Party intermediate = make(authority(), &short_root);
         Party leaf = make(good(role), &intermediate);
         std::vector<Party> intermediates;
         intermediates.push_back(std::move(intermediate));
         return Material{std::move(leaf), std::move(intermediates), trust_in(short_root)};
       }},
      {"name constraints", invalid,
       [](Role role) {
         Spec issuer = authority();
         issuer.name_constraints = "critical,permitted;DNS:other.example";
         return below(issuer, role);
       }},
      {"constraint of the authority not critical", invalid,
       [](Role role) {
         Spec issuer = authority();
         issuer.basic_constraints = "CA:TRUE";
         return below(issuer, role);
       }},
      {"six certificates that nobody needs", invalid,
       [](Role role) {
         Material shown = chain_of(6, role, true);
         shown.leaf = make(good(role), &root());
         return shown;
       }},
      {"intermediate not sent", invalid, [](Role role) { return chain_of(1, role, false); }},
      {"five intermediates", invalid, [](Role role) { return chain_of(5, role, true); }},
      {"seven certificates sent", invalid, [](Role role) { return chain_of(7, role, true); }},
  };
}

}  // namespace

const Party& root() {
  static const Party party = make_authority("the root");
  return party;
}

std::string uri_for(Role role) { return "spiffe://example/louver/" + std::string{name_of(role)} + "/x"; }

RolePatterns uri_patterns() {
  return {"spiffe://example/louver/client/*", "spiffe://example/louver/middlebox/*",
          "spiffe://example/louver/server/*"};
}

std::vector<BadCertificate> bad_certificates() {
  std::vector<BadCertificate> all;
  for (auto part : {wrong_kinds, wrong_names, invalid_leaves, invalid_chains}) {
    for (const BadCertificate& bad : part()) all.push_back(bad);
  }
  return all;
}

}  // namespace louver::tls::test
