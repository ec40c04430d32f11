#include "filter/scan/patterns.h"

#include <hs.h>

#include <cstdlib>
#include <vector>

#include "filter/scan/scratch_pool.h"

namespace louver::filter::scan {
namespace {

struct FreeDatabase {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
struct FreeInfo {
  void operator()(hs_expr_info_t* info) const { std::free(info); }
};

Error failed(std::string_view what, hs_error_t code) {
  return {Fault::filter_failed, std::string{what} + ": the pattern library says " + std::to_string(code)};
}
Error wrong(std::string_view what) { return {Fault::configuration, std::string{what}}; }

/// What all sessions share.
struct Shared {
  std::unique_ptr<hs_database_t, FreeDatabase> database;
  std::unique_ptr<ScratchPool> scratches;
};

class Search final : public Patterns::Stream {
 public:
  Search(std::shared_ptr<const Shared> shared, hs_stream_t* stream) : shared_(std::move(shared)), stream_(stream) {}
  ~Search() override {
    if (stream_ != nullptr) hs_close_stream(stream_, nullptr, nullptr, nullptr);
  }

  Result<> search(Bytes piece, const Patterns::OnMatch& on_match) override {
    LOUVER_ASSIGN(ScratchPool::Scratch scratch, shared_->scratches->borrow());
    hs_error_t code = HS_SUCCESS;
    while (!piece.empty() && code == HS_SUCCESS) {
      const Bytes now = piece.first(std::min<std::size_t>(piece.size(), 1U << 30));
      piece = piece.subspan(now.size());
      Telling telling{on_match};
      code = hs_scan_stream(stream_, as_text(now).data(), static_cast<unsigned>(now.size()), 0, scratch.get(),
                            &Telling::tell, &telling);
    }
    shared_->scratches->give_back(std::move(scratch));
    return code == HS_SUCCESS ? Result<>{} : failed("search", code);
  }

  Result<> end(const Patterns::OnMatch& on_match) override {
    LOUVER_ASSIGN(ScratchPool::Scratch scratch, shared_->scratches->borrow());
    Telling telling{on_match};
    const hs_error_t code = hs_close_stream(std::exchange(stream_, nullptr), scratch.get(), &Telling::tell, &telling);
    shared_->scratches->give_back(std::move(scratch));
    return code == HS_SUCCESS ? Result<>{} : failed("search", code);
  }

 private:
  struct Telling {
    const Patterns::OnMatch& on_match;
    static int tell(unsigned id, unsigned long long from, unsigned long long to, unsigned, void* self) {
      static_cast<Telling*>(self)->on_match({id, from, to});
      return 0;  // a stream that is stopped takes nothing more: those that go on look at the whole piece
    }
  };

  std::shared_ptr<const Shared> shared_;
  hs_stream_t* stream_;
};

struct RuleFacts {
  std::string name;
  std::size_t longest = 0;
  bool knows_the_end = false;
};

class Compiled final : public Patterns {
 public:
  Compiled(Shared shared, std::vector<RuleFacts> facts)
      : shared_(std::make_shared<const Shared>(std::move(shared))), facts_(std::move(facts)) {}

  Result<std::unique_ptr<Stream>> begin() const override {
    hs_stream_t* stream = nullptr;
    if (const hs_error_t code = hs_open_stream(shared_->database.get(), 0, &stream); code != HS_SUCCESS)
      return failed("stream", code);
    return std::unique_ptr<Stream>{std::make_unique<Search>(shared_, stream)};
  }
  const std::string& name(std::size_t rule) const override { return facts_[rule].name; }
  std::size_t longest(std::size_t rule) const override { return facts_[rule].longest; }
  bool knows_the_end(std::size_t rule) const override { return facts_[rule].knows_the_end; }

 private:
  std::shared_ptr<const Shared> shared_;
  std::vector<RuleFacts> facts_;
};

unsigned flags_for(Patterns::Want want) {
  return HS_FLAG_DOTALL | (want == Patterns::Want::whole ? HS_FLAG_SOM_LEFTMOST : 0U);
}

/// @fault configuration  matches of the rule have no longest form
Result<RuleFacts> facts_of(const Rule& rule, Patterns::Want want) {
  if (rule.pattern.size() > pattern_octets_most)
    return wrong(title_of(rule) + ": more than " + std::to_string(pattern_octets_most) + " octets");
  RuleFacts out{rule.name};
  if (want == Patterns::Want::ends) return out;
  hs_expr_info_t* found = nullptr;
  hs_compile_error_t* trouble = nullptr;
  if (hs_expression_info(rule.pattern.c_str(), flags_for(want), &found, &trouble) != HS_SUCCESS) {
    const std::string why = trouble != nullptr ? trouble->message : "it cannot be understood";
    hs_free_compile_error(trouble);
    return wrong(title_of(rule) + ": " + why);
  }
  const std::unique_ptr<hs_expr_info_t, FreeInfo> info{found};
  if (info->max_width > match_octets_most) {
    return wrong(
        title_of(rule) + ": a match can be longer than " + std::to_string(match_octets_most) +
        " octets, so that it cannot be kept back until it is whole; write {1,64} in the place of + and {0,64} in "
        "the place of *, with a number that fits");
  }
  out.longest = info->max_width;
  out.knows_the_end = info->matches_at_eod != 0;
  return out;
}

/// @fault configuration
Result<Shared> compile_all(std::span<const Rule> rules, Patterns::Want want) {
  std::vector<const char*> expressions;
  std::vector<unsigned> ids;
  for (const Rule& rule : rules) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    expressions.push_back(rule.pattern.c_str());
  }
  const std::vector<unsigned> flags(rules.size(), flags_for(want));
  const unsigned mode = HS_MODE_STREAM | (want == Patterns::Want::whole ? HS_MODE_SOM_HORIZON_SMALL : 0U);
  hs_database_t* made = nullptr;
  hs_compile_error_t* trouble = nullptr;
  const hs_error_t code = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                           static_cast<unsigned>(rules.size()), mode, nullptr, &made, &trouble);
  if (code != HS_SUCCESS) {
    std::string detail;
    if (trouble != nullptr) {
      if (trouble->expression >= 0) detail += title_of(rules[static_cast<std::size_t>(trouble->expression)]) + ": ";
      detail += trouble->message;
      hs_free_compile_error(trouble);
    }
    return wrong(detail);
  }
  Shared out;
  out.database.reset(made);
  return out;
}

/// What a search with these rules takes.
/// @fault configuration
Result<> make_room(Shared& shared) {
  std::size_t stream = 0;
  if (const hs_error_t code = hs_stream_size(shared.database.get(), &stream); code != HS_SUCCESS)
    return failed("stream", code);
  if (stream > stream_octets_most) {
    return wrong("the rules take " + std::to_string(stream) + " octets for each message; at most " +
                 std::to_string(stream_octets_most) + ": make them fewer, or their repetitions shorter");
  }
  hs_scratch_t* scratch = nullptr;
  if (const hs_error_t code = hs_alloc_scratch(shared.database.get(), &scratch); code != HS_SUCCESS)
    return failed("scratch", code);
  ScratchPool::Scratch prototype{scratch};
  std::size_t size = 0;
  if (const hs_error_t code = hs_scratch_size(prototype.get(), &size); code != HS_SUCCESS)
    return failed("scratch", code);
  if (size > scratch_octets_most)
    return wrong("the rules take " + std::to_string(size) + " octets for each thread: make them fewer or simpler");
  shared.scratches = std::make_unique<ScratchPool>(std::move(prototype));
  return {};
}

}  // namespace

std::string title_of(const Rule& rule) {
  return (rule.place.empty() ? "" : rule.place + ": ") + "rule \"" + printable(rule.name, 64) + "\"";
}

Result<std::shared_ptr<const Patterns>> Patterns::compile(std::span<const Rule> rules, Want want) {
  if (rules.size() > rules_most) return wrong("more than " + std::to_string(rules_most) + " rules");
  std::vector<RuleFacts> facts;
  for (const Rule& rule : rules) {
    LOUVER_ASSIGN(RuleFacts one, facts_of(rule, want));
    facts.push_back(std::move(one));
  }
  LOUVER_ASSIGN(Shared shared, compile_all(rules, want));
  LOUVER_TRY(make_room(shared));
  return std::shared_ptr<const Patterns>{std::make_shared<Compiled>(std::move(shared), std::move(facts))};
}

}  // namespace louver::filter::scan
