#pragma once

#include <functional>
#include <optional>
#include <string>

#include "filter/filter.h"

namespace louver::filter::mirror {

/// Which contexts of a direction are seen.
struct Seen {
  bool head = false, credentials = false, body = false;
  bool anything() const { return head || credentials || body; }
};

/// One direction of an http/1 session, put together again as the HTTP/1.1 that the far end makes of it
/// (docs/protocol.md annex http/1). What is not seen is named in a field `x-louver-withheld`; a head that is not seen
/// becomes one that says so. Bodies are passed on as they come.
class HttpText {
 public:
  enum class Place : std::uint8_t { head, credentials, body };
  /// @param server  the host of a head that is not seen
  /// @param out     is given the octets of the stream, in order
  HttpText(Direction direction, Seen seen, std::string server, std::function<void(Bytes)> out);

  void on_part(Place place, const FilterPart& part);
  /// The session is over. @return whether everything that began had ended
  bool finish();

  /// What `out` is being given begins the message of an exchange.
  bool is_beginning() const { return beginning_; }
  /// No message is open, and the last that ended was of the same exchange as the other direction's.
  bool has_answered(const HttpText& other) const { return !exchange_ && ended_ == other.ended_; }
  bool sees_anything() const { return seen_.anything(); }

 private:
  enum class Body : std::uint8_t { none, counted, chunked, tunnel, withheld };
  void on_head(const FilterPart& part);
  void on_body(const FilterPart& part);
  void write_head(bool has_content);
  Body framing(bool has_content, std::optional<std::string_view> length) const;
  void content(Bytes bytes);
  void end_exchange();
  bool is_interim() const;
  bool is_upgrade() const;
  std::string_view first_line() const;
  std::string withheld() const;

  const bool request_;
  const Seen seen_;
  const std::string server_;
  const std::function<void(Bytes)> out_;

  std::optional<Exchange> ended_ = {};  // the last that did
  bool beginning_ = false;
  std::optional<Exchange> exchange_;  // that is under way
  std::string head_, credentials_;
  bool head_ended_ = false, credentials_ended_ = false, written_ = false, unreadable_ = false;
  Body body_ = Body::none;
};

}  // namespace louver::filter::mirror
