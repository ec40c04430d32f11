#include "rogue/record_collision.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

#include "crypto/expand_label.h"

namespace louver::rogue {
namespace {

using Block = std::array<std::byte, 16>;

Block block_at(Bytes bytes, std::size_t index) {
  Block out;
  std::ranges::copy(bytes.subspan(index * 16, 16), out.begin());
  return out;
}

void add_to(MutableBytes bytes, std::size_t index, const Block& delta) {
  for (std::size_t i = 0; i < 16; ++i) bytes[index * 16 + i] ^= delta[i];
}

bool bit(const Block& block, std::size_t i) {
  return (std::to_integer<unsigned>(block[i / 8]) >> (7 - i % 8) & 1) != 0;
}

/// The product in GF(2^128) as GCM writes it: the first bit is the lowest power. NIST SP 800-38D section 6.3.
Block multiply(const Block& a, const Block& b) {
  Block product{};
  Block v = b;
  for (std::size_t i = 0; i < 128; ++i) {
    if (bit(a, i)) {
      for (std::size_t k = 0; k < 16; ++k) product[k] ^= v[k];
    }
    const bool carry = bit(v, 127);
    for (std::size_t k = 16; k-- > 0;) {
      v[k] >>= 1;
      if (k > 0) v[k] |= v[k - 1] << 7;
    }
    if (carry) v[0] ^= std::byte{0xe1};
  }
  return product;
}

/// The tag is a polynomial in H: what is added to a block is taken back two blocks later, times H squared, which two
/// tags give away.
void alter_gcm(const crypto::Suite& suite, Bytes secret, crypto::Sequence seq, MutableBytes ciphertext) {
  const crypto::Aead key{suite, crypto::Aead::Use::seal, secret};
  Block zero{};
  Block one{};
  one[0] = std::byte{0x80};
  const crypto::Tag a = key.tag(seq, {zero});
  const crypto::Tag b = key.tag(seq, {one});
  Block h_squared;
  for (std::size_t i = 0; i < 16; ++i) h_squared[i] = a[i] ^ b[i];
  Block delta{};
  delta[3] = std::byte{0x20};
  add_to(ciphertext, 0, delta);
  add_to(ciphertext, 2, multiply(delta, h_squared));
}

struct FreeNumber {
  void operator()(BIGNUM* n) const { BN_free(n); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

const unsigned char* u8(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

/// Little-endian, as Poly1305 reads its blocks.
Number number(Bytes bytes) { return Number{BN_lebin2bn(u8(bytes), static_cast<int>(bytes.size()), nullptr)}; }

/// r of the one-time key: the first half of ChaCha20's block 0, clamped. RFC 8439 sections 2.5 and 2.6.
Block one_time_r(const crypto::Suite& suite, Bytes secret, crypto::Sequence seq) {
  std::array<std::byte, 32> key;
  std::array<std::byte, 16> iv{};  // counter 0, then the nonce
  crypto::expand_label(suite, secret, "key", {}, key);
  crypto::expand_label(suite, secret, "iv", {}, MutableBytes{iv}.subspan(4));
  for (std::size_t i = 0; i < 8; ++i) iv[15 - i] ^= static_cast<std::byte>(static_cast<std::uint64_t>(seq) >> (8 * i));
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free};
  Block r{};
  int written = 0;
  if (EVP_EncryptInit_ex2(context.get(), EVP_chacha20(), u8(key), u8(iv), nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(r.data()), &written, u8(Block{}), 16) != 1) {
    throw std::runtime_error("ChaCha20 failed");
  }
  for (std::size_t i : {3U, 7U, 11U, 15U}) r[i] &= std::byte{15};
  for (std::size_t i : {4U, 8U, 12U}) r[i] &= std::byte{252};
  return r;
}

/// The tag is a polynomial in r modulo 2^130 - 5: block 0 grows by d, so block 1 shrinks by d times r. Not every d
/// leaves block 1 one of 16 octets; one in four does.
void alter_poly1305(const crypto::Suite& suite, Bytes secret, crypto::Sequence seq, MutableBytes ciphertext) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> scratch{BN_CTX_new(), &BN_CTX_free};
  const Number r = number(one_time_r(suite, secret, seq));
  const Number first = number(block_at(ciphertext, 0));
  const Number second = number(block_at(ciphertext, 1));
  const Number p{BN_new()}, one{BN_new()}, top{BN_new()}, product{BN_new()}, changed{BN_new()};
  bool fine = BN_one(one.get()) == 1 && BN_lshift(p.get(), one.get(), 130) == 1 && BN_sub_word(p.get(), 5) == 1 &&
              BN_lshift(top.get(), one.get(), 128) == 1;
  fine = fine && BN_add(second.get(), second.get(), top.get()) == 1;  // the bit behind the block
  for (unsigned d = 1; fine && d < 1000; ++d) {
    fine = BN_copy(product.get(), r.get()) != nullptr && BN_mul_word(product.get(), d) == 1 &&
           BN_mod_sub(changed.get(), second.get(), product.get(), p.get(), scratch.get()) == 1;
    if (!fine || BN_num_bits(changed.get()) != 129) continue;
    Block block0, block1;
    fine = BN_add_word(first.get(), d) == 1 && BN_mask_bits(changed.get(), 128) == 1;
    if (!fine || BN_num_bits(first.get()) > 128) break;
    if (BN_bn2lebinpad(first.get(), reinterpret_cast<unsigned char*>(block0.data()), 16) != 16) break;
    if (BN_bn2lebinpad(changed.get(), reinterpret_cast<unsigned char*>(block1.data()), 16) != 16) break;
    std::ranges::copy(block0, ciphertext.begin());
    std::ranges::copy(block1, ciphertext.begin() + 16);
    return;
  }
  throw std::runtime_error("no other ciphertext with this tag was found");
}

}  // namespace

void alter_under_same_tag(const crypto::Suite& suite, Bytes secret, crypto::Sequence seq, MutableBytes ciphertext) {
  if (ciphertext.size() < 48) throw std::runtime_error("too short to alter under its tag");
  if (suite.id == crypto::SuiteId::chacha20_poly1305_sha256) {
    alter_poly1305(suite, secret, seq, ciphertext);
  } else {
    alter_gcm(suite, secret, seq, ciphertext);
  }
}

}  // namespace louver::rogue
