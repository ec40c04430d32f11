#pragma once

#include <functional>

#include "filter/filter.h"
#include "filter/secret/credential.h"

namespace louver::filter::secret {

/// A credential that was found in an answer. The views live until the callback returns.
struct Finding {
  std::string_view session;  // SessionInfo::id
  std::string_view context;
  std::string_view spelling;
  Exchange exchange{};
};

struct SecretOptions {
  enum class Otherwise : std::uint8_t { pass, block };
  enum class OnEcho : std::uint8_t {
    block,   // the session ends
    redact,  // as many octets 'x' go on in its place: needs write
  };
  std::vector<std::string> hosts = {};  // as in a request's first field
  std::vector<std::string> paths = {};  // beginnings, whole segments
  std::string field = "authorization";  // or "cookie", with a placeholder
  std::string scheme = "Bearer";        // stands before the credential; may be empty
  /// What the client sends instead. Else the credential takes the place of whatever the field held.
  std::string placeholder = {};
  Otherwise without_placeholder = Otherwise::pass;  // a request to a listed place
  bool watch_answers = true;
  OnEcho on_echo = OnEcho::block;
  std::shared_ptr<const Source> source = {};
  /// Called on the session's thread, so by several threads at a time; must not block.
  std::function<void(const Finding&)> write = {};
};

/// Puts a credential into requests to listed hosts and paths, and sees to it that it does not come back to the client.
///
/// Needs write on request-credentials and inspect on request-head, which says where they go; to watch answers, inspect
/// on all that answers consist of. With write there, what may become an echo is held back, so that no part of it goes
/// on; without, at most the first quarter can have. With write on request-head, it asks for answers that can be read:
/// whole and without coding. Others are stopped.
/// @fault configuration
Result<std::shared_ptr<const FilterFactory>> make_secret(SecretOptions options);

}  // namespace louver::filter::secret
