#include "filter/secret/credential.h"

#include <algorithm>

namespace louver::filter::secret {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The characters of base64 that `text` alone decides, if `before` octets of its first group of three are another's.
Needle in_base64(Bytes text, std::size_t before) {
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t end = (before + text.size()) * 8 / 6;
  tls::SecretBytes out;
  out.reserve(end - first);
  for (std::size_t i = first; i < end; ++i) {
    unsigned sextet = 0;
    for (std::size_t bit = i * 6; bit < i * 6 + 6; ++bit) {
      const auto octet = std::to_integer<unsigned>(text[bit / 8 - before]);
      sextet = sextet << 1 | (octet >> (7 - bit % 8) & 1U);
    }
    out.push_back(static_cast<std::byte>(alphabet[sextet]));
  }
  return Needle{std::move(out)};
}

Needle in_hex(Bytes text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  tls::SecretBytes out;
  out.reserve(text.size() * 2);
  for (const std::byte octet : text) {
    out.push_back(static_cast<std::byte>(digits[std::to_integer<unsigned>(octet) >> 4]));
    out.push_back(static_cast<std::byte>(digits[std::to_integer<unsigned>(octet) & 15U]));
  }
  return Needle{std::move(out)};
}

class Fixed final : public Source {
 public:
  explicit Fixed(std::shared_ptr<const Credential> credential) : credential_(std::move(credential)) {}
  std::shared_ptr<const Credential> current() const override { return credential_; }
  std::vector<std::shared_ptr<const Credential>> lately() const override { return {credential_}; }

 private:
  std::shared_ptr<const Credential> credential_;
};

bool is_visible(std::byte octet) { return octet > std::byte{0x20} && octet < std::byte{0x7f}; }

Error wrong(const std::string& what) { return {Fault::configuration, what}; }

}  // namespace

Result<std::shared_ptr<const Credential>> Credential::make(Bytes text) {
  for (const char end : {'\n', '\r'}) {
    if (!text.empty() && text.back() == static_cast<std::byte>(end)) text = text.first(text.size() - 1);
  }
  if (text.size() < credential_bytes_least || text.size() > credential_bytes_most) {
    return wrong("it has " + std::to_string(text.size()) + " octets; a credential has " +
                 std::to_string(credential_bytes_least) + " to " + std::to_string(credential_bytes_most));
  }
  if (!std::ranges::all_of(text, is_visible))
    return wrong("a credential is one line of printable ASCII without blanks");
  return std::shared_ptr<const Credential>{new Credential{{text.begin(), text.end()}}};
}

Credential::Credential(tls::SecretBytes text)
    : text_(std::move(text)),
      plain_(text_),
      base64_{in_base64(text_, 0), in_base64(text_, 1), in_base64(text_, 2)},
      hex_(in_hex(text_)) {}

std::shared_ptr<const Source> always(std::shared_ptr<const Credential> credential) {
  return std::make_shared<Fixed>(std::move(credential));
}

}  // namespace louver::filter::secret
