#include "filter/secret/echo_search.h"

#include <algorithm>

namespace louver::filter::secret {
namespace {

constexpr unsigned overlooked_most = 3;  // NULs before a character of UTF-32

char folded_to_base64(char c) { return c == '-' ? '+' : c == '_' ? '/' : c; }
char folded_to_lower(char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

EchoSearch::EchoSearch(std::shared_ptr<const Credential> credential) : credential_(std::move(credential)) {
  using Fold = Track::Fold;
  const std::span<const Needle> plain{&credential_->plain(), 1};
  add("as it is", Unescape::none, Fold::none, plain);
  add("percent-encoded", Unescape::percent, Fold::none, plain);
  add("as in JSON", Unescape::json, Fold::none, plain);
  add("as in HTML", Unescape::html, Fold::none, plain);
  add("in base64", Unescape::all, Fold::base64, credential_->base64());
  add("in hexadecimal", Unescape::all, Fold::lower_case, {&credential_->hex(), 1});
}

void EchoSearch::add(std::string_view spelling, unsigned notations, Track::Fold fold, std::span<const Needle> needles) {
  Track& track = tracks_.emplace_back(spelling, notations);
  track.fold = fold;
  for (const Needle& needle : needles) track.wanted.emplace_back(needle);
  for (unsigned octet = 0; octet < 256; ++octet) {
    const auto c = static_cast<unsigned char>(octet);
    const char plain = static_cast<char>(c);
    const auto meant = static_cast<unsigned char>(fold == Track::Fold::base64       ? folded_to_base64(plain)
                                                  : fold == Track::Fold::lower_case ? folded_to_lower(plain)
                                                                                    : plain);
    track.awakes[octet] =
        track.unescape.opens(c) || std::ranges::any_of(needles, [&](const Needle& one) { return one.at(0) == meant; });
  }
}

/// NULs, and in base64 the ends of lines, but only within what may become an echo, and only a few: else a match that
/// began by chance would wait for ever.
bool EchoSearch::overlooks(const Track& track, unsigned char octet, unsigned& in_a_row) {
  const bool blank = octet == 0 || (track.fold == Track::Fold::base64 && (octet == '\r' || octet == '\n'));
  in_a_row = blank ? in_a_row + 1 : 0;
  return blank && in_a_row <= overlooked_most;
}

void EchoSearch::take(Track& track, Symbol symbol, std::uint64_t end, std::vector<Echo>& found) {
  const bool escaped_line_end = symbol.octet != 0 && overlooks(track, symbol.octet, track.overlooked_meant);
  if (escaped_line_end) return;
  const char plain = static_cast<char>(symbol.octet);
  if (track.fold == Track::Fold::base64) symbol.octet = static_cast<unsigned char>(folded_to_base64(plain));
  if (track.fold == Track::Fold::lower_case) symbol.octet = static_cast<unsigned char>(folded_to_lower(plain));
  for (Progress& one : track.wanted) {
    if (one.take(symbol)) found.push_back({one.begin(), end, track.spelling});
  }
}

void EchoSearch::search(Bytes piece, std::vector<Echo>& found) {
  for (Track& track : tracks_) {
    std::uint64_t at = octets_;
    for (const std::byte byte : piece) {
      const auto octet = std::to_integer<unsigned char>(byte);
      const std::uint64_t here = at++;
      if (track.at_rest && !track.awakes[octet]) continue;
      if (overlooks(track, octet, track.overlooked)) continue;
      track.unescape.feed({octet, here}, [&](Symbol symbol) { take(track, symbol, here + 1, found); });
      track.at_rest = !track.unescape.open_from() &&
                      std::ranges::all_of(track.wanted, [](const Progress& one) { return one.length() == 0; });
    }
  }
  octets_ += piece.size();
}

void EchoSearch::end(std::vector<Echo>& found) {
  for (Track& track : tracks_) {
    track.unescape.flush([&](Symbol symbol) { take(track, symbol, octets_, found); });
  }
}

std::uint64_t EchoSearch::settled() const {
  std::uint64_t out = octets_;
  for (const Track& track : tracks_) {
    out = std::min(out, track.unescape.open_from().value_or(out));
    for (const Progress& one : track.wanted) {
      const bool is_part = one.length() > 0 && one.length() < one.needle().size();
      if (is_part) out = std::min(out, one.begin());
    }
  }
  return out;
}

bool EchoSearch::is_near() const {
  constexpr std::size_t least = 4;
  return std::ranges::any_of(tracks_, [](const Track& track) {
    return std::ranges::any_of(track.wanted, [](const Progress& one) {
      return one.length() >= least && one.length() * 4 >= one.needle().size();
    });
  });
}

}  // namespace louver::filter::secret
