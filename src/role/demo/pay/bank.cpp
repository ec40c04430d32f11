#include "role/demo/pay/bank.h"

#include "role/demo/pay/cast.h"

namespace louver::role::demo::pay {
namespace {

std::string hidden(std::string_view field) {
  const std::size_t equals = field.find('=');
  return "<input type=hidden name=" + std::string{field.substr(0, equals)} +
         " value=" + std::string{field.substr(equals + 1)} + ">";
}

std::string page() {
  return "<!doctype html><title>Pay</title><h1>One book, 59.00</h1><form method=post action=/pay>"
         "<input type=hidden name=item value=book>" +
         hidden(blank_order) + hidden(listed_total) + "<p><label>Card <input name=card value=" + std::string{card} +
         "></label><p><label>Code <input name=code value=" + std::string{code} +
         "></label><p><button>Pay</button></form>\n";
}

/// The value of a field of this demonstration's form, which has nothing to be decoded.
std::string value_in(std::string_view form, std::string_view name) {
  for (std::size_t at = 0; at < form.size();) {
    const std::string_view field = form.substr(at, form.find('&', at) - at);
    if (field.starts_with(name) && field.substr(name.size()).starts_with('='))
      return std::string{field.substr(name.size() + 1)};
    at += field.size() + 1;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<WebApp>> start_bank() {
  return WebApp::start([](const Asked& asked) -> Reply {
    if (asked.target == "/") return {.type = "text/html", .pieces = {page()}};
    const std::string number = value_in(asked.body, "card");
    if (asked.target != "/pay" || number.size() < 4) return {.status = 400, .pieces = {"This is no payment.\n"}};
    return {.pieces = {"Paid " + value_in(asked.body, "total") + " for order " + value_in(asked.body, "order") +
                       " with the card that ends in " + number.substr(number.size() - 4) + ".\n"}};
  });
}

std::string filled_form() {
  return "item=book&" + std::string{blank_order} + "&" + std::string{listed_total} + "&card=" + std::string{card} +
         "&code=" + std::string{code};
}

}  // namespace louver::role::demo::pay
