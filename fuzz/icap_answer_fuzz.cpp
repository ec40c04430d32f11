#include "filter/io/icap/chunks.h"
#include "filter/io/icap/head.h"
#include "filter/io/icap/offer.h"
#include "filter/io/icap/verdict.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::filter::icap;
using fuzz::require;

namespace {

Message asked() {
  Message out;
  out.method = Method::respmod;
  out.request_head = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
  out.response_head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
  return out;
}

}  // namespace

/// What an ICAP server answers: heads within their bounds and at the front, enclosed heads judged, chunks whose content
/// lies in the input and is the same however the input is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Buffer input = to_buffer(fuzz::input_of(data, size));
  const Bytes in{input};
  const auto head = read_icap_head(in);
  std::size_t used = 0;
  if (head && *head) {
    used = (*head)->octets;
    require(used <= in.size() && used <= icap_head_most, "a head lies at the front of its input");
    const auto shorter = read_icap_head(in.first(used - 1));
    require(shorter.has_value() && !*shorter, "a head without its last octet is not whole");
    static_cast<void>(read_offer(**head));
    const std::size_t enclosed = (*head)->encapsulated.heads();
    require(enclosed <= 2 * http_head_most, "enclosed heads are bounded");
    if (in.size() - used >= enclosed) {
      for (const Method method : {Method::reqmod, Method::respmod}) {
        Message message = asked();
        message.method = method;
        static_cast<void>(judge_heads(message, **head, in.subspan(used, enclosed)));
      }
      used += enclosed;
    }
  }
  Buffer whole, pieces;
  ChunkReader at_once, piecewise;
  bool fine = true;
  for (Bytes rest = in.subspan(used); fine && !rest.empty();) {
    const auto step = at_once.step(rest);
    fine = step.has_value();
    if (!fine || step->used == 0) break;
    require(step->used <= rest.size() && step->content.size() <= step->used, "no more is used than is there");
    append(whole, step->content);
    rest = rest.subspan(step->used);
  }
  std::size_t from = used;
  for (std::size_t to = used + 1; fine && to <= in.size(); ++to) {
    while (true) {
      const auto step = piecewise.step(in.subspan(from, to - from));
      require(step.has_value(), "what is fine at once is fine octet by octet");
      if (step->used == 0) break;
      append(pieces, step->content);
      from += step->used;
    }
  }
  if (fine) require(equal(whole, pieces), "the content does not depend on the cuts");
  return 0;
}
