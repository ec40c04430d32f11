#include "filter/io/mirror/http_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "filter/http/bound_target.h"
#include "filter/http/head.h"

namespace louver::filter::mirror {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::uint32_t filling_most = 1U << 20;  // octets 'x' for one tombstone

/// The lines of a head message behind the first, each with its CRLF, without the blank one.
std::string_view fields_of(std::string_view head) {
  const std::size_t first = head.find(line_end);
  if (first == std::string_view::npos) return {};
  head.remove_prefix(first + 2);
  return head.ends_with("\r\n\r\n") || head == line_end ? head.substr(0, head.size() - 2) : head;
}

/// The value of a field that the canonical form has at most once.
std::optional<std::string_view> value_of(std::string_view fields, std::string_view name) {
  const std::string begin = std::string{name} + ": ";
  while (!fields.empty()) {
    const std::size_t end = std::min(fields.find(line_end), fields.size());
    const std::string_view line = fields.substr(0, end);
    if (line.starts_with(begin)) return line.substr(begin.size());
    fields.remove_prefix(std::min(end + 2, fields.size()));
  }
  return std::nullopt;
}

}  // namespace

HttpText::HttpText(Direction direction, Seen seen, std::string server, std::function<void(Bytes)> out)
    : request_(direction == Direction::c2s), seen_(seen), server_(std::move(server)), out_(std::move(out)) {}

void HttpText::on_part(Place place, const FilterPart& part) {
  if (exchange_ && *exchange_ != part.exchange) finish();
  exchange_ = part.exchange;
  switch (place) {
    case Place::head:
      on_head(part);
      break;
    case Place::credentials:
      unreadable_ = unreadable_ || part.redacted || credentials_.size() + part.bytes.size() > http::head_bytes_most;
      if (!unreadable_) credentials_ += as_text(part.bytes);
      credentials_ended_ = credentials_ended_ || part.end;
      break;
    case Place::body:
      return on_body(part);
  }
  const bool all = (head_ended_ || !seen_.head) && (credentials_ended_ || !seen_.credentials);
  if (!all || written_) return;
  if (!seen_.body) {  // nothing more will come
    write_head(false);
    end_exchange();
  } else if (is_upgrade()) {
    write_head(true);
  }
}

void HttpText::on_head(const FilterPart& part) {
  unreadable_ = unreadable_ || part.redacted || head_.size() + part.bytes.size() > http::head_bytes_most;
  if (!unreadable_) head_ += as_text(part.bytes);
  if (!part.end) return;
  if (is_interim()) {
    out_(as_bytes(head_));
    head_.clear();
    return;
  }
  head_ended_ = true;
}

void HttpText::on_body(const FilterPart& part) {
  const bool has_content = !part.bytes.empty() || part.redacted_bytes != 0;
  if (!written_ && (has_content || part.end)) write_head(has_content);
  content(part.bytes);
  std::uint32_t filling = std::min(part.redacted_bytes, filling_most);
  const std::string xs(std::min<std::uint32_t>(filling, 8192), 'x');
  while (filling != 0) {
    const std::uint32_t size = std::min<std::uint32_t>(filling, 8192);
    content(as_bytes(std::string_view{xs}.substr(0, size)));
    filling -= size;
  }
  if (!part.end) return;
  if (body_ == Body::chunked) out_(as_bytes("0\r\n\r\n"));
  end_exchange();
}

void HttpText::content(Bytes bytes) {
  if (bytes.empty()) return;
  if (body_ != Body::chunked) return out_(bytes);
  out_(as_bytes(fmt::format("{:x}\r\n", bytes.size())));
  out_(bytes);
  out_(as_bytes(line_end));
}

HttpText::Body HttpText::framing(bool has_content, std::optional<std::string_view> length) const {
  if (is_upgrade()) return Body::tunnel;
  if (!seen_.body) return Body::withheld;
  if (!has_content) return Body::none;
  return length ? Body::counted : Body::chunked;
}

/// What the far end would write, as far as it is known here.
void HttpText::write_head(bool has_content) {
  const bool known = head_ended_ && !unreadable_ && !head_.empty();
  const std::string_view fields = known ? fields_of(head_) : std::string_view{};
  const auto length = value_of(fields, "content-length");
  body_ = framing(has_content, length);
  std::string text;
  if (known) {
    text = std::string{first_line()} + "\r\n";
    std::string_view rest = fields;
    while (!rest.empty()) {
      const std::size_t size = std::min(rest.find(line_end), rest.size() - 2) + 2;
      const std::string_view line = rest.substr(0, size);
      // a body that is not shown must not be waited for
      if (body_ == Body::withheld && line.starts_with("content-length: ")) text += "x-louver-withheld-";
      text += line;
      rest.remove_prefix(size);
    }
  } else {
    text = request_ ? "POST /x-louver-withheld HTTP/1.1\r\nhost: " + server_ + "\r\n"
                    : std::string{"HTTP/1.1 200 x-louver-withheld\r\n"};
  }
  if (!unreadable_) text += http::without_target(credentials_);
  if (const std::string names = withheld(); !names.empty()) text += "x-louver-withheld: " + names + "\r\n";
  const bool says_how_long = length && body_ != Body::withheld;
  if (body_ == Body::chunked) text += "transfer-encoding: chunked\r\n";
  if (body_ == Body::tunnel) text += "connection: upgrade\r\n";
  const std::string_view line = first_line();
  const bool may_have_content = request_ ? !line.starts_with("GET ") && !line.starts_with("HEAD ")
                                         : !line.starts_with("HTTP/1.1 204") && !line.starts_with("HTTP/1.1 304");
  if ((body_ == Body::none || body_ == Body::withheld) && !says_how_long && may_have_content)
    text += "content-length: 0\r\n";
  beginning_ = true;
  out_(as_bytes(text + "\r\n"));
  beginning_ = false;
  written_ = true;
}

void HttpText::end_exchange() {
  ended_ = std::exchange(exchange_, std::nullopt);
  head_.clear();
  credentials_.clear();
  head_ended_ = credentials_ended_ = written_ = unreadable_ = false;
  body_ = Body::none;
}

bool HttpText::finish() {
  if (!exchange_) return true;
  if (!written_ && (head_ended_ || credentials_ended_)) write_head(false);
  end_exchange();
  return false;
}

std::string_view HttpText::first_line() const {
  return std::string_view{head_}.substr(0, std::min(head_.find(line_end), head_.size()));
}

bool HttpText::is_interim() const {
  return !request_ && !unreadable_ && first_line().starts_with("HTTP/1.1 1") &&
         !first_line().starts_with("HTTP/1.1 101");
}

bool HttpText::is_upgrade() const {
  if (!head_ended_ || unreadable_) return false;
  return request_ ? value_of(fields_of(head_), "upgrade").has_value() : first_line().starts_with("HTTP/1.1 101");
}

std::string HttpText::withheld() const {
  const std::string way = request_ ? "request-" : "response-";
  std::string out;
  const auto add = [&](bool there, std::string_view part) {
    if (!there) out += (out.empty() ? "" : ", ") + way + std::string{part};
  };
  add(seen_.head && !unreadable_, "head");
  add(seen_.credentials && !unreadable_, "credentials");
  add(seen_.body, "body");
  return out;
}

}  // namespace louver::filter::mirror
