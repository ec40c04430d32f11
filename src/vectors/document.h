#pragma once

#include "vectors/place.h"

/// Test vectors: a document whose `inputs` determine every other member. docs/vectors/README.md
namespace louver::vectors {

/// Secrets and seeds in, every secret, JOIN and record out.
inline constexpr std::string_view path_format = "louver-vectors/1";
/// A recorded association and session with its key log in; everything that the log opens out.
inline constexpr std::string_view session_format = "louver-session/1";
inline constexpr std::size_t file_octets_most = 200 * 1024;

/// Reads one document from text. @fault limit_exceeded, bad_value
Result<Json> parse(std::string_view text);

/// Computes the whole document of that format from its inputs, by the engines that run in sessions.
/// @fault bad_value with the path of the member that is missing or wrong; whatever an engine refuses
Result<Json> compute(std::string_view format, const Json& inputs);

/// Computes `document` anew from its inputs.
/// @return each difference by its JSON path; empty if all agree
/// @fault those of compute()
Result<std::vector<std::string>> verify(const Json& document);

/// Where two documents differ, by JSON path.
std::vector<std::string> difference(const Json& given, const Json& computed);

/// The project's own paths: name of the file and inputs.
std::vector<std::pair<std::string, Json>> own_inputs();

}  // namespace louver::vectors
