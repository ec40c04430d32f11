#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace louver::filter::secret {

/// What octets of a message stand for, and where the first of them stood.
struct Symbol {
  unsigned char octet;
  std::uint64_t at;
};

/// Undoes, as a message streams by, notations that write one character as several: `%2B`, `\u002b` or `\/`, `&#43;` or
/// `&amp;`. What only looks like one stands for itself.
class Unescape {
 public:
  enum Notation : unsigned { none = 0, percent = 1, json = 2, html = 4, all = 7 };
  explicit Unescape(unsigned notations) : notations_(notations) {}

  /// @param take  called with each Symbol that is now certain
  template <class Take>
  void feed(Symbol next, Take&& take) {
    if (size_ == 0 && !opens(next.octet)) return take(next);
    open_[size_++] = next;
    while (size_ > 0) {
      const Reading reading = read();
      if (reading == more) return;
      if (reading >= 0) {
        take(Symbol{static_cast<unsigned char>(reading), open_[0].at});
        size_ = 0;
        return;
      }
      do take(drop_first());
      while (size_ > 0 && !opens(open_[0].octet));
    }
  }
  /// The message is over.
  template <class Take>
  void flush(Take&& take) {
    while (size_ > 0) take(drop_first());
  }
  /// Where an escape began of which the end has not come.
  std::optional<std::uint64_t> open_from() const { return size_ == 0 ? std::nullopt : std::optional{open_[0].at}; }
  bool opens(unsigned char octet) const;

 private:
  /// The octet that the open escape stands for, or one of these.
  using Reading = int;
  static constexpr Reading more = -1, no_escape = -2;
  static constexpr std::size_t longest = 12;  // "&#x0000002b;"
  Reading read() const;
  static Reading read_percent(std::string_view text);
  static Reading read_json(std::string_view text);
  static Reading read_html(std::string_view text);
  Symbol drop_first();

  unsigned notations_;
  std::array<Symbol, longest> open_{};
  std::size_t size_ = 0;
};

}  // namespace louver::filter::secret
