#include "role/demo/pay/shop.h"

#include <array>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "role/demo/pay/cast.h"

namespace louver::role::demo::pay {
namespace {

constexpr std::uint32_t block_most = 1024 * 1024;

/// A length in network order, and so many octets.
std::optional<std::string> read_block(std::istream& in) {
  std::array<unsigned char, 4> head{};
  if (!in.read(reinterpret_cast<char*>(head.data()), head.size())) return std::nullopt;
  std::uint32_t length = 0;
  for (const unsigned char octet : head) length = length << 8 | octet;
  if (length > block_most) return std::nullopt;
  std::string out(length, '\0');
  if (!in.read(out.data(), static_cast<std::streamsize>(length))) return std::nullopt;
  return out;
}

void write_block(std::ostream& out, std::string_view octets) {
  for (int shift = 24; shift >= 0; shift -= 8) out.put(static_cast<char>(octets.size() >> shift & 0xffU));
  out << octets;
}

void fill_in(std::string& form, std::string_view blank, std::string_view filled) {
  static_assert(blank_order.size() == filled_order.size() && listed_total.size() == agreed_total.size());
  if (const std::size_t at = form.find(blank); at != std::string::npos) form.replace(at, blank.size(), filled);
}

}  // namespace

int run_shop(std::istream& in, std::ostream& out) {
  while (const auto head = read_block(in)) {
    auto form = read_block(in);
    const auto question = nlohmann::json::parse(*head, nullptr, false);
    if (!form || !question.is_object() || !question.contains("id")) return 1;
    fill_in(*form, blank_order, filled_order);
    fill_in(*form, listed_total, agreed_total);
    write_block(out, nlohmann::json{{"id", question["id"]}, {"verdict", "replace"}}.dump());
    write_block(out, *form);
    out.flush();
  }
  return in.eof() ? 0 : 1;
}

}  // namespace louver::role::demo::pay
