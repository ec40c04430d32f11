#pragma once

#include "base/result.h"
#include "profile/http1/fields.h"
#include "profile/http1/framing.h"
#include "profile/http1/output_buffer.h"

namespace louver::profile::http1 {

/// Puts a body message on an HTTP connection, in the framing that its head announced. Never writes an octet more than
/// the head allows, nor the end of a body that is not complete (HT-03, HT-11).
class BodyWriter {
 public:
  /// @param context  "request-body" or "response-body", for the details of faults
  BodyWriter(Framing framing, std::string_view context) : framing_(framing), left_(framing.length), context_(context) {}

  /// @fault bad_value  more octets than the head said; nothing of `content` was written then
  Result<> write(Bytes content, OutputBuffer& out);
  /// Trailers can stand behind the body; else they are dropped.
  bool takes_trailers() const { return framing_.kind == Framing::Kind::chunked; }
  /// The message has ended.
  /// @fault bad_value  fewer octets than the head said
  Result<> finish(OutputBuffer& out, const Fields& trailers = {});

 private:
  Framing framing_;
  std::uint64_t left_;
  std::string_view context_;
};

}  // namespace louver::profile::http1
