#include "profile/stream1/codec.h"

#include "base/limits.h"

namespace louver::profile::stream1 {
namespace {

constexpr Exchange the_exchange{0};

}  // namespace

Result<> Codec::from_application(Bytes input) {
  if (application_ended_) return Error{Fault::closed, "bytes behind the end of the stream"};
  if (input.empty()) return {};
  return emit(input, false);
}

Result<> Codec::application_closed() {
  if (std::exchange(application_ended_, true)) return {};
  return emit({}, true);
}

Result<> Codec::emit(Bytes bytes, bool end) {
  const bool client = end_ == Side::client;
  return parts_.on_part({.context = client ? ids_.upstream : ids_.downstream,
                         .direction = client ? Direction::c2s : Direction::s2c,
                         .exchange = the_exchange,
                         .bytes = bytes,
                         .end = end});
}

Result<Bytes> Codec::from_path(const session::Part& part) {
  const bool client = end_ == Side::client;
  if (part.direction != (client ? Direction::s2c : Direction::c2s) ||
      part.context != (client ? ids_.downstream : ids_.upstream)) {
    return Error{Fault::record_context, "a part that the stream/1 profile does not have"};
  }
  if (part.exchange != the_exchange) return Error{Fault::record_exchange, "an exchange in a stream"};
  if (path_ended_) return Error{Fault::record_order, "a part behind the end of the stream"};
  path_ended_ = part.end;
  if (!part.redacted) return part.bytes;
  if (part.redacted_bytes > limits::max_record_most) {
    return Error{Fault::limit_exceeded, "a tombstone for more than a record can hold"};
  }
  fill_.assign(part.redacted_bytes, std::byte{'x'});
  return Bytes{fill_};
}

}  // namespace louver::profile::stream1
