#include "tls/certificate.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tls/bad_certificates.h"
#include "tls/certificate_fields.h"
#include "tls/role.h"
#include "tls/trust.h"

namespace louver::tls {
namespace {

using test::root;
using testing::AllOf;
using testing::HasSubstr;

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "louver_tls_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, const std::string& text, ::mode_t mode) const {
    const std::string path = at(name);
    std::ofstream{path} << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

test::Party server_leaf() { return test::make(test::good_leaf(Role::server, test::peer_name), &root()); }

template <class T>
std::string refusal(const Result<T>& result) {
  EXPECT_FALSE(result);
  if (result) return "";
  EXPECT_EQ(result.error().fault, Fault::configuration);
  EXPECT_EQ(result.error().detail.find('\n'), std::string::npos) << "one line";
  return result.error().detail;
}

TEST(Identity, is_loaded_from_files) {
  const Folder folder;
  const auto party = server_leaf();
  const auto identity = Identity::load(folder.write("cert.pem", party.certificate_pem(), 0644),
                                       folder.write("key.pem", party.key_pem(), 0600));
  ASSERT_TRUE(identity) << describe(identity.error());
  EXPECT_EQ((*identity)->names(), std::vector<std::string>{test::peer_name});
  EXPECT_EQ((*identity)->role(), Role::server);
  EXPECT_EQ((*identity)->leaf_hash(), digest_of(*party.certificate));
  EXPECT_TRUE(equal((*identity)->leaf_der(), der_of(*party.certificate)));
  EXPECT_EQ((*identity)->not_after(), test::now + std::chrono::hours{24 * 30});
}

TEST(Identity, refuses_a_key_that_group_or_others_may_access) {
  const Folder folder;
  const auto party = server_leaf();
  const auto certificate = folder.write("cert.pem", party.certificate_pem(), 0644);
  for (const ::mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0644U, 0777U}) {
    const auto key = folder.write("key.pem", party.key_pem(), mode);
    EXPECT_THAT(refusal(Identity::load(certificate, key)), AllOf(HasSubstr(key), HasSubstr("chmod 600 " + key)))
        << mode;
  }
  for (const ::mode_t mode : {0600U, 0400U, 0700U}) {
    EXPECT_TRUE(Identity::load(certificate, folder.write("key.pem", party.key_pem(), mode))) << mode;
  }
}

TEST(Identity, looks_at_the_mode_of_what_a_link_points_to) {
  const Folder folder;
  const auto party = server_leaf();
  const auto certificate = folder.write("cert.pem", party.certificate_pem(), 0644);
  const auto key = folder.write("key.pem", party.key_pem(), 0644);
  std::filesystem::create_symlink(key, folder.at("link.pem"));
  EXPECT_THAT(refusal(Identity::load(certificate, folder.at("link.pem"))), HasSubstr("chmod 600"));
}

TEST(Identity, says_which_file_is_not_there_or_no_file) {
  const Folder folder;
  const auto party = server_leaf();
  const auto certificate = folder.write("cert.pem", party.certificate_pem(), 0644);
  EXPECT_THAT(refusal(Identity::load(certificate, folder.at("absent.pem"))),
              AllOf(HasSubstr("absent.pem"), HasSubstr("No such file")));
  EXPECT_THAT(refusal(Identity::load(folder.at("absent.pem"), certificate)), HasSubstr("absent.pem"));
  ASSERT_EQ(::mkfifo(folder.at("fifo").c_str(), 0600), 0);
  EXPECT_THAT(refusal(Identity::load(certificate, folder.at("fifo"))), HasSubstr("not a regular file"));
  EXPECT_THAT(refusal(Identity::load(certificate, folder.at(""))), HasSubstr("not a regular file"));
  const auto large = folder.write("large.pem", std::string(1024 * 1024 + 1, 'x'), 0600);
  EXPECT_THAT(refusal(Identity::load(certificate, large)), HasSubstr("larger than 1 MiB"));
}

TEST(Identity, names_the_file_that_is_wrong) {
  const Folder folder;
  const auto party = server_leaf();
  const auto certificate = folder.write("cert.pem", party.certificate_pem(), 0644);
  const auto key = folder.write("key.pem", party.key_pem(), 0600);
  const auto empty = folder.write("empty.pem", "", 0600);
  EXPECT_THAT(refusal(Identity::load(empty, key)), AllOf(HasSubstr("empty.pem"), HasSubstr("BEGIN CERTIFICATE")));
  EXPECT_THAT(refusal(Identity::load(certificate, empty)), AllOf(HasSubstr("empty.pem"), HasSubstr("private key")));
  const auto foreign = folder.write("foreign.pem", server_leaf().key_pem(), 0600);
  EXPECT_THAT(refusal(Identity::load(certificate, foreign)),
              AllOf(HasSubstr("foreign.pem"), HasSubstr("cert.pem"), HasSubstr("does not belong")));
}

TEST(Identity, refuses_a_malformed_certificate_anywhere_in_the_chain) {
  const auto party = server_leaf();
  const std::string broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(refusal(Identity::from_pem(party.certificate_pem() + broken, party.key_pem())),
              HasSubstr("certificate 2"));
  EXPECT_THAT(refusal(Identity::from_pem(broken + party.certificate_pem(), party.key_pem())),
              HasSubstr("certificate 1"));
}

TEST(Identity, wants_the_leaf_first) {
  const auto party = server_leaf();
  EXPECT_THAT(refusal(Identity::from_pem(root().certificate_pem() + party.certificate_pem(), party.key_pem())),
              HasSubstr("must begin with"));
}

TEST(Identity, refuses_an_encrypted_key_without_asking_for_a_passphrase) {
  const auto party = server_leaf();
  const BioHandle out{BIO_new(BIO_s_mem())};
  char passphrase[] = "secret";
  ASSERT_EQ(
      PEM_write_bio_PKCS8PrivateKey(out.get(), party.key.get(), EVP_aes_128_cbc(), passphrase, 6, nullptr, nullptr), 1);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  EXPECT_THAT(refusal(Identity::from_pem(party.certificate_pem(), {text, static_cast<std::size_t>(size)})),
              HasSubstr("encrypted"));
}

TEST(Identity, refuses_what_every_peer_would_refuse) {
  const auto refused = [](const test::Spec& spec) {
    const auto party = test::make(spec, &root());
    return refusal(Identity::from_pem(party.certificate_pem(), party.key_pem()));
  };
  auto spec = test::good_leaf(Role::server, "*.example");
  EXPECT_THAT(refused(spec), HasSubstr("wildcard"));
  spec.dns.clear();
  EXPECT_THAT(refused(spec), HasSubstr("neither a DNS name nor a SPIFFE id"));
  spec = test::good_leaf(Role::server, test::peer_name);
  spec.key = test::KeyKind::rsa1024;
  EXPECT_THAT(refused(spec), HasSubstr("too weak"));
}

TEST(Identity, has_no_role_of_its_own_where_the_usage_gives_none) {
  auto spec = test::good_leaf(Role::server, test::peer_name);
  for (std::vector<std::string> usages :
       {std::vector<std::string>{}, {"serverAuth"}, {"serverAuth", usage_oid(Role::server)}}) {
    spec.usages = std::move(usages);
    EXPECT_EQ(test::identity_of(test::make(spec, &root()))->role(), std::nullopt);
  }
}

TEST(Trust, is_loaded_from_several_files_with_several_anchors) {
  const Folder folder;
  const auto second = test::make_authority("a second root"), third = test::make_authority("a third root");
  const auto one = folder.write("one.pem", root().certificate_pem() + second.certificate_pem(), 0644);
  const auto two = folder.write("two.pem", third.certificate_pem(), 0644);
  const auto trust = Trust::load({{one, {}}, {two, test::uri_patterns()}});
  ASSERT_TRUE(trust) << describe(trust.error());
  EXPECT_EQ((*trust)->impl().roles.size(), 3U);
  EXPECT_FALSE((*trust)->impl().roles.at(digest_of(*second.certificate)).by_uri());
  EXPECT_TRUE((*trust)->impl().roles.at(digest_of(*third.certificate)).by_uri());
}

TEST(Trust, refuses_to_be_empty) {
  refusal(Trust::load({}));
  EXPECT_THAT(refusal(Trust::from_pem("")), HasSubstr("BEGIN CERTIFICATE"));
}

TEST(Trust, refuses_an_anchor_that_is_no_authority) {
  EXPECT_THAT(refusal(Trust::from_pem(server_leaf().certificate_pem())), HasSubstr("not that of an authority"));
}

TEST(Trust, takes_an_anchor_twice_only_if_both_say_the_same) {
  const Folder folder;
  const auto path = folder.write("root.pem", root().certificate_pem(), 0644);
  EXPECT_TRUE(Trust::load({{path, {}}, {path, {}}}));
  EXPECT_THAT(refusal(Trust::load({{path, {}}, {path, test::uri_patterns()}})),
              AllOf(HasSubstr(path), HasSubstr("twice")));
}

TEST(Trust, refuses_patterns_that_are_malformed_or_overlap) {
  EXPECT_THAT(refusal(Trust::from_pem(root().certificate_pem(), {"spiffe://d/a*", "", ""})),
              HasSubstr("spiffe://d/a*"));
  EXPECT_THAT(refusal(Trust::from_pem(root().certificate_pem(), {"spiffe://d/*", "spiffe://d/x", ""})),
              HasSubstr("same id"));
}

}  // namespace
}  // namespace louver::tls
