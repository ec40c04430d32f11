#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "filter/secret/credential.h"

namespace louver::filter::secret {

/// A place in a message where a credential stands, in some spelling.
struct Echo {
  std::uint64_t begin, end;  // octets of the message
  std::string_view spelling;
};

/// Searches one message for one credential as its pieces come, however it is cut: as it is; with percent-encoding; with
/// the escapes of JSON and of HTML; in base64 and base64url, wherever it stands in what was encoded; in hexadecimal.
/// The last three also with such escapes on top, base64 in lines or not. Up to three NULs between two characters are
/// overlooked, so text in UTF-16 or UTF-32 is read too.
class EchoSearch {
 public:
  explicit EchoSearch(std::shared_ptr<const Credential> credential);
  void search(Bytes piece, std::vector<Echo>& found);
  /// The message is over.
  void end(std::vector<Echo>& found);

  /// No echo of which a part has come begins before this octet.
  std::uint64_t settled() const;
  /// What has come ends with a quarter of a spelling, and at least four characters of it.
  bool is_near() const;

 private:
  /// One way of reading the message, and what is looked for in it.
  struct Track {
    Track(std::string_view name, unsigned notations) : spelling(name), unescape(notations) {}
    std::string_view spelling;
    Unescape unescape;
    std::vector<Progress> wanted;
    enum class Fold : std::uint8_t { none, base64, lower_case } fold = Fold::none;
    std::array<bool, 256> awakes{};  // octets at which something may begin
    bool at_rest = true;
    unsigned overlooked = 0;        // in a row
    unsigned overlooked_meant = 0;  // likewise, of what escapes stand for
  };
  void add(std::string_view spelling, unsigned notations, Track::Fold fold, std::span<const Needle> needles);
  static void take(Track& track, Symbol symbol, std::uint64_t end, std::vector<Echo>& found);
  static bool overlooks(const Track& track, unsigned char octet, unsigned& in_a_row);

  std::shared_ptr<const Credential> credential_;  // the tracks refer to it
  std::vector<Track> tracks_;
  std::uint64_t octets_ = 0;  // so far
};

}  // namespace louver::filter::secret
