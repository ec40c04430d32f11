#pragma once

#include <optional>
#include <string_view>

namespace louver::filter::http {

/// Why a header field is not for a filter to set, add or remove, in words; nothing for those that are.
///
/// Host and the framing fields are made from what the ends know, credentials have contexts and grants of their own,
/// fields of one connection never enter a session, `louver-*` is the gateway's word. A head with one of these is
/// refused at the far end, and its writer named (SECURITY HT-02). Spellings that a careless server takes for such a
/// name (`content_length`) count like it.
/// @param name  in lower case
std::optional<std::string_view> why_kept(std::string_view name);

}  // namespace louver::filter::http
