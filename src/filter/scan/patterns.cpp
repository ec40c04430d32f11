#include "filter/scan/patterns.h"

#include <hs.h>

#include <vector>

namespace louver::filter::scan {
namespace {

struct FreeDatabase {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
struct FreeScratch {
  void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};
using Database = std::unique_ptr<hs_database_t, FreeDatabase>;
using Scratch = std::unique_ptr<hs_scratch_t, FreeScratch>;

Error failed(std::string_view what, hs_error_t code) {
  return {Fault::filter_failed, std::string{what} + ": the pattern library says " + std::to_string(code)};
}

class Search final : public Patterns::Stream {
 public:
  Search(std::shared_ptr<const hs_database_t> database, Scratch scratch, hs_stream_t* stream)
      : database_(std::move(database)), scratch_(std::move(scratch)), stream_(stream) {}
  ~Search() override {
    if (stream_ != nullptr) hs_close_stream(stream_, nullptr, nullptr, nullptr);
  }

  Result<std::optional<std::size_t>> search(Bytes piece) override {
    found_.reset();
    while (!piece.empty()) {
      const Bytes now = piece.first(std::min<std::size_t>(piece.size(), 1U << 30));
      piece = piece.subspan(now.size());
      const hs_error_t code = hs_scan_stream(stream_, as_text(now).data(), static_cast<unsigned>(now.size()), 0,
                                             scratch_.get(), &Search::on_match, this);
      if (code == HS_SCAN_TERMINATED) return found_;
      if (code != HS_SUCCESS) return failed("search", code);
    }
    return found_;
  }

  Result<std::optional<std::size_t>> end() override {
    found_.reset();
    const hs_error_t code = hs_close_stream(std::exchange(stream_, nullptr), scratch_.get(), &Search::on_match, this);
    if (code != HS_SUCCESS && code != HS_SCAN_TERMINATED) return failed("search", code);
    return found_;
  }

 private:
  /// The first is enough, but a stream that is stopped takes nothing more: those that go on look at the whole piece.
  static int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* self) {
    auto& found = static_cast<Search*>(self)->found_;
    if (!found) found = id;
    return 0;
  }

  std::shared_ptr<const hs_database_t> database_;
  Scratch scratch_;
  hs_stream_t* stream_;
  std::optional<std::size_t> found_;
};

class Compiled final : public Patterns {
 public:
  Compiled(std::shared_ptr<const hs_database_t> database, Scratch prototype, std::vector<std::string> names)
      : database_(std::move(database)), prototype_(std::move(prototype)), names_(std::move(names)) {}

  Result<std::unique_ptr<Stream>> begin() const override {
    hs_scratch_t* scratch = nullptr;
    if (const hs_error_t code = hs_clone_scratch(prototype_.get(), &scratch); code != HS_SUCCESS)
      return failed("scratch", code);
    Scratch owned{scratch};
    hs_stream_t* stream = nullptr;
    if (const hs_error_t code = hs_open_stream(database_.get(), 0, &stream); code != HS_SUCCESS)
      return failed("stream", code);
    return std::unique_ptr<Stream>{std::make_unique<Search>(database_, std::move(owned), stream)};
  }
  const std::string& name(std::size_t rule) const override { return names_[rule]; }

 private:
  std::shared_ptr<const hs_database_t> database_;
  Scratch prototype_;
  std::vector<std::string> names_;
};

}  // namespace

Result<std::shared_ptr<const Patterns>> Patterns::compile(std::span<const Rule> rules) {
  std::vector<const char*> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  std::vector<std::string> names;
  for (const Rule& rule : rules) {
    ids.push_back(static_cast<unsigned>(names.size()));
    flags.push_back(HS_FLAG_DOTALL);
    expressions.push_back(rule.pattern.c_str());
    names.push_back(rule.name);
  }
  hs_database_t* made = nullptr;
  hs_compile_error_t* wrong = nullptr;
  const hs_error_t code = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                           static_cast<unsigned>(rules.size()), HS_MODE_STREAM, nullptr, &made, &wrong);
  if (code != HS_SUCCESS) {
    std::string detail = "filter scan: ";
    if (wrong != nullptr) {
      if (wrong->expression >= 0) detail += "rule \"" + names[static_cast<std::size_t>(wrong->expression)] + "\": ";
      detail += wrong->message;
      hs_free_compile_error(wrong);
    }
    return Error{Fault::configuration, detail};
  }
  std::shared_ptr<hs_database_t> database{made, FreeDatabase{}};
  hs_scratch_t* scratch = nullptr;
  if (const hs_error_t why = hs_alloc_scratch(database.get(), &scratch); why != HS_SUCCESS)
    return failed("scratch", why);
  return std::shared_ptr<const Patterns>{
      std::make_shared<Compiled>(std::move(database), Scratch{scratch}, std::move(names))};
}

}  // namespace louver::filter::scan
