#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "tls/certificate.h"
#include "tls/pki.h"

namespace louver::rogue {

/// A certificate as no authority of ours would issue it; the defaults make a good one for M1. Extensions in the words
/// of x509v3_config(5); empty: none such.
struct OddLeaf {
  std::string common_name = "a leaf";
  std::string names = "DNS:m1.example";
  std::string usages = "2.999.1.2";
  std::string key_usage = "critical,digitalSignature";
  std::string basic_constraints = "critical,CA:FALSE";
  std::chrono::seconds begins{-60}, ends{86400};          // from now
  const tls::pki::Authority* issuer = nullptr;            // null: the authority that all parties trust
  std::shared_ptr<const tls::Identity> key_of = nullptr;  // null: a key of its own
};
std::shared_ptr<const tls::Identity> make_leaf(const OddLeaf& leaf);

/// An authority that nobody trusts.
const tls::pki::Authority& stranger();

std::string usage_of(tls::Role role);

}  // namespace louver::rogue
