#include <nlohmann/json.hpp>
#include <random>

#include "profile/http1/lift/form_place.h"
#include "profile/http1/lift/test_support.h"
#include "support/require.h"
#include "support/script.h"

using namespace louver;
using namespace louver::profile::http1;
using fuzz::require;
using Json = nlohmann::json;

namespace {

struct Ends {
  std::vector<FieldContext> contexts;
  BodyKind kind;
};

Ends ends_of(std::uint8_t choice) {
  if ((choice & 1) != 0)
    return {{test::field_from("form:card"), test::field_from("form:b", {}, "b", 8)}, BodyKind::form};
  const auto type = static_cast<FieldType>(choice >> 1 & 3);
  return {{test::field_from("json:/p/card", type), test::field_from("json:/b", FieldType::any, "b", 8)},
          BodyKind::json};
}

/// Makes markers that the input cannot hold, as in earnest: every change of the input changes them.
class MarkersOf final : public RandomSource {
 public:
  MarkersOf(const std::uint8_t* data, std::size_t size)
      : next_(std::hash<std::string_view>{}({reinterpret_cast<const char*>(data), size})) {}
  void fill(MutableBytes out) override {
    for (std::byte& octet : out) octet = static_cast<std::byte>(next_());
  }

 private:
  std::mt19937_64 next_;
};

/// The message means what it meant; but for the spelling of strings and form values, which are written anew, its octets
/// are the same.
void check_same(const Ends& ends, const std::string& before, const std::string& after) {
  if (ends.kind == BodyKind::json) {
    if (!before.empty()) require(Json::parse(before) == Json::parse(after), "a JSON body means what it meant");
    return;
  }
  FoundValues was;
  FoundValues is;
  const std::vector<const FieldContext*> sources = {&ends.contexts[0], &ends.contexts[1]};
  require(!find_in_form(before, sources, was) && !find_in_form(after, sources, is), "a form stays one");
  for (std::size_t i = 0; i < was.size(); ++i) {
    require(was[i].has_value() == is[i].has_value() && (!was[i] || was[i]->value == is[i]->value),
            "a form says what it said");
  }
}

}  // namespace

/// Values lifted out of a body and put back (HT-16). An order of the script: an octet that chooses what is lifted, a
/// body, then what a writer on the way makes of the body and of the first value's message, if it says anything.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script{fuzz::input_of(data, size)};
  const Ends ends = ends_of(script.octet());
  const std::string original{as_text(script.string())};
  Fields head;
  std::vector<Buffer> came;
  const auto lifted = [&](RandomSource& random, std::string& body) {
    std::vector<std::string> messages;
    if (lift(ends.contexts, ends.kind, head, body, random, messages)) return false;
    came.clear();
    for (const std::string& one : messages) came.push_back(to_buffer(one));
    return true;
  };
  MarkersOf fresh{data, size};
  std::string back = original;
  if (!lifted(fresh, back)) return 0;
  require(put_back(ends.contexts, ends.kind, came, head, back).has_value(), "what was lifted is put back");
  check_same(ends, original, back);

  if (script.done()) return 0;
  test::CountingRandom known;  // whoever changes the body has seen its markers
  std::string body = original;
  require(lifted(known, body), "it is lifted once more");
  std::string changed{as_text(script.string())};
  const Bytes value = script.string();
  if (!value.empty() && !came[0].empty()) came[0] = to_buffer(value);
  if (!put_back(ends.contexts, ends.kind, came, head, changed)) return 0;
  if (ends.kind == BodyKind::json && !changed.empty())
    require(Json::accept(changed), "what a receiver hands on is one JSON value");
  return 0;
}
