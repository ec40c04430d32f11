#pragma once

#include "role/demo/member.h"

/// `louver demo pay`: who takes part, and what the configuration files say.
namespace louver::role::demo::pay {

inline constexpr std::array<Member, 3> path = {{
    {"agent", "home.example", "serves a browser, in which somebody fills in a form", 0},
    {"middlebox",
     "shop.example",
     "puts its order's number and price into the form",
     4431,
     {{{"request-head", "read"}, {"request-body", "write"}, {"response-head", "read"}, {"response-body", "read"}}}},
    {"gateway", "bank.example", "hands the form to the bank's application", 4432},
}};
inline constexpr std::size_t browser_at = 0, shop_at = 1, bank_at = 2;

/// The fields of the form that have contexts of their own, on which the shop has no grant.
inline constexpr std::array<std::string_view, 2> lifted = {"card", "code"};

inline constexpr std::string_view card = "4111111111111111", code = "737";
/// What the form has and what the shop makes of it: as long, since the length of the form has been told by then.
inline constexpr std::string_view blank_order = "order=..........", filled_order = "order=2026-04711",
                                  listed_total = "total=59.00", agreed_total = "total=53.10";

inline constexpr const char *browser_audit = "home.audit", *bank_audit = "bank.audit";

/// @param next     the port of the next party
/// @param lifts    card and code travel in contexts of their own
std::string bank_text(const std::string& directory, std::uint16_t next, bool lifts);
/// @param program  of which the shop's worker is made too
std::string shop_text(const std::string& directory, std::uint16_t next, const std::string& program);
std::string browser_text(const std::string& directory, std::uint16_t next, bool lifts);

}  // namespace louver::role::demo::pay
