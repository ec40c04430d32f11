#pragma once

#include "role/demo/play.h"

/// The requests of the demonstration, and whether their answers are what they must be.
namespace louver::role::demo {

/// What no middlebox may see.
inline constexpr std::string_view card_number = "4111 1111 1111 1111", request_cookie = "account=ab12",
                                  bearer = "Bearer d3m0-t0ken";

/// That a field takes in a head.
inline std::size_t line_octets(std::string_view name, std::string_view value) {
  return name.size() + value.size() + std::string_view{": \r\n"}.size();
}

struct PlannedRequest {
  std::string what;
  Request request;
  /// @param received  null if the origin is not ours
  std::function<void(const Answer&, const Received* received, std::vector<Check>&)> look;
};
std::vector<PlannedRequest> planned_requests();
/// One GET of a real origin.
PlannedRequest request_of(const std::string& url);

}  // namespace louver::role::demo
