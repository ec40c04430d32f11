#include "filter/scan/open_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <vector>

namespace louver::filter::scan {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

constexpr std::uint32_t steps_most = 100'000;  // of one call: beyond, all that could belong to a match is kept back
constexpr int tries_most = 64;                 // whole matches that are stepped over in one window

struct Watched {
  Code code;
  std::size_t longest;
  bool knows_the_end;
  /// A match and the octet behind it, which may decide it ("\b", "$" before a last line feed).
  std::size_t window() const { return longest + 1; }
};

class Watch final : public OpenMatch {
 public:
  Watch(std::vector<Watched> rules, std::unique_ptr<pcre2_match_context, FreeMatchContext> context)
      : rules_(std::move(rules)), context_(std::move(context)) {
    for (const Watched& rule : rules_) most_ = std::max(most_, rule.window());
  }

  std::size_t most() const override { return most_; }

  std::size_t open_at_the_end(Bytes text, std::size_t before) const override {
    const std::unique_ptr<pcre2_match_data, FreeData> data{pcre2_match_data_create(1, nullptr)};
    std::size_t out = 0;
    for (const Watched& rule : rules_) {
      const std::size_t most_here = std::min(rule.window(), text.size() - before);
      if (most_here <= out) continue;
      out = std::max(out, data == nullptr ? most_here : open_of(rule, text, before, most_here, data.get()));
    }
    return out;
  }

 private:
  /// Looks at the last `window` octets, with the one before them for "\b" and "^".
  std::size_t open_of(const Watched& rule, Bytes text, std::size_t before, std::size_t window,
                      pcre2_match_data* data) const {
    const std::size_t begin = text.size() - window;
    const std::size_t context = begin > 0 ? 1 : before;
    const Bytes subject = text.subspan(begin - context);
    std::array<int, 2000> workspace;
    std::size_t from = context;
    for (int tries = 0; tries < tries_most && from < subject.size(); ++tries) {
      const int code =
          pcre2_dfa_match(rule.code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), from,
                          PCRE2_PARTIAL_HARD, data, context_.get(), workspace.data(), workspace.size());
      if (code == PCRE2_ERROR_NOMATCH) return 0;
      if (code != PCRE2_ERROR_PARTIAL && code < 0) break;
      const PCRE2_SIZE* found = pcre2_get_ovector_pointer(data);
      const bool may_wait_for_the_end = rule.knows_the_end && found[1] + 1 >= subject.size();
      if (code == PCRE2_ERROR_PARTIAL || may_wait_for_the_end) return subject.size() - found[0];
      from = found[0] + 1;  // whole already: Vectorscan has told of it
    }
    return from < subject.size() ? subject.size() - from : 0;
  }

  std::vector<Watched> rules_;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context_;
  std::size_t most_ = 0;
};

Error refused(const Rule& rule, int code) {
  std::array<char, 256> text{};
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(text.data()), text.size());
  return {Fault::configuration, title_of(rule) + " cannot be used to replace: " + text.data()};
}

}  // namespace

Result<std::unique_ptr<const OpenMatch>> OpenMatch::compile(std::span<const Rule> rules, const Patterns& patterns) {
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> settings{pcre2_compile_context_create(nullptr)};
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context{pcre2_match_context_create(nullptr)};
  if (settings == nullptr || context == nullptr) return Error{Fault::filter_failed, "no memory for patterns"};
  pcre2_set_newline(settings.get(), PCRE2_NEWLINE_LF);  // as Vectorscan has it
  pcre2_set_match_limit(context.get(), steps_most);
  pcre2_set_depth_limit(context.get(), 100);
  std::vector<Watched> watched;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    const std::string& pattern = rules[i].pattern;
    Code compiled{pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                PCRE2_DOTALL | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NO_AUTO_CAPTURE, &code,
                                &offset, settings.get())};
    if (compiled == nullptr) return refused(rules[i], code);
    watched.push_back({std::move(compiled), patterns.longest(i), patterns.knows_the_end(i)});
  }
  return std::unique_ptr<const OpenMatch>{std::make_unique<Watch>(std::move(watched), std::move(context))};
}

}  // namespace louver::filter::scan
