#pragma once

#include "crypto/aead.h"

namespace louver::rogue {

/// Changes `ciphertext` so that its AEAD tag stays what it was, for whoever knows the key: neither GCM nor Poly1305
/// commits to what is under a tag. It needs 48 octets; the AAD may be anything.
///
/// @param secret  of the epoch to which `seq` belongs
void alter_under_same_tag(const crypto::Suite& suite, Bytes secret, crypto::Sequence seq, MutableBytes ciphertext);

}  // namespace louver::rogue
