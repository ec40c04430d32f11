#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

/// Heads in what an ICAP server says: its own, and those of the HTTP message that it encloses. RFC 3507 §4.3, §4.4
namespace louver::filter::icap {

/// Fault::bad_value: an answer is not as it has to be.
inline Error wrong(std::string what) { return {Fault::bad_value, std::move(what)}; }

inline constexpr std::size_t icap_head_most = std::size_t{16} * 1024;  // octets
inline constexpr std::size_t http_head_most = std::size_t{48} * 1024;  // octets, of one enclosed head
inline constexpr std::size_t fields_most = 200;                        // in one head

/// Fields of a head in the order in which they came: names in lower case, folded values as one line.
class Fields {
 public:
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  /// The value of the first of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  /// One of the words in the comma-separated lists of that name, whatever their case.
  bool has_word(std::string_view name, std::string_view word) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// Where the parts of an enclosed message lie behind the ICAP head, as `Encapsulated` says.
struct Encapsulated {
  enum class Body : std::uint8_t { none, request, response, options };
  std::size_t request_head = 0;   // octets; 0: there is none
  std::size_t response_head = 0;  // octets; 0: there is none
  Body body = Body::none;
  std::size_t heads() const { return request_head + response_head; }
};
/// "res-hdr=0, res-body=137": offsets from 0, each behind the one before, and at the end exactly one body or
/// `null-body`.
/// @fault bad_value
Result<Encapsulated> parse_encapsulated(std::string_view text);

struct IcapHead {
  std::size_t octets = 0;  // that it has, its last line included
  unsigned status = 0;     // 100..599
  Fields fields;
  Encapsulated encapsulated;  // nothing is enclosed where the field is missing
};
/// @return  nothing as long as `in` ends before the head does
/// @fault bad_value, limit_exceeded  the detail holds nothing of the head
Result<std::optional<IcapHead>> read_icap_head(Bytes in);

struct HttpHead {
  std::string method, target;  // requests
  unsigned status = 0;         // responses
  Fields fields;
};
/// @param block  the whole head and nothing else
/// @fault bad_value, limit_exceeded
Result<HttpHead> read_http_request_head(Bytes block);
Result<HttpHead> read_http_response_head(Bytes block);

}  // namespace louver::filter::icap
