#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

/// `louver bench`: what Louver costs on this machine, by its own processes and nothing else.
namespace louver::measure {

inline constexpr std::uint32_t megabytes_most = 10'000;

struct BenchOptions {
  std::string program;                     // path of this program, of which the processes are made
  std::optional<std::uint32_t> megabytes;  // 10^6 octets, for each grant in each round, 1..megabytes_most
  bool quick = false, json = false;
};

/// The report goes to `out`, what is under way to `talk`. Bounded in time; all that was started ends with it.
/// @return 0: all was measured; 1: something went wrong meanwhile, or a signal asked to end; 2: it cannot run here
int run_bench(const BenchOptions& options, std::ostream& out, std::ostream& talk);

}  // namespace louver::measure
