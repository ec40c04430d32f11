#pragma once

#include "filter/http/head.h"

namespace louver::filter::http {

/// What a filter that may write heads of requests asks for, so that the answer can be searched and changed.
struct RequestEdit {
  bool whole = false;  // the whole of a thing, not ranges of it: a pattern could lie across those
  bool plain = false;  // without content coding
  bool does_something() const { return whole || plain; }
};

/// @return whether the head is another now
bool apply(const RequestEdit& edit, Head& head);

}  // namespace louver::filter::http
