#include "role/demo/client.h"

#include <unistd.h>
#include <charconv>

#include <optional>

#include "runtime/files.h"

namespace louver::role::demo {
namespace {

constexpr std::array<const char*, 3> curl_places = {"/usr/bin/curl", "/usr/local/bin/curl", "/bin/curl"};
constexpr std::size_t file_octets_most = 16 * 1024 * 1024;

/// What a program prints, once it has ended.
struct Printed {
  std::string out, err;
  std::optional<runtime::ExitStatus> status;
};

Result<Printed> run_program(Stage& stage, std::vector<std::string> argv) {
  Printed outcome;
  runtime::SubprocessOptions options;
  options.argv = std::move(argv);
  options.environment =
      std::vector<std::string>{"PATH=/usr/bin:/bin", "LC_ALL=C"};  // no proxy variables, no HOME with settings
  options.on_line = [&outcome](runtime::OutputStream stream, std::string_view line) {
    std::string& to = stream == runtime::OutputStream::out ? outcome.out : outcome.err;
    to += (to.empty() ? "" : "\n") + std::string{line};
  };
  options.on_exit = [&outcome](const runtime::ExitStatus& status) { outcome.status = status; };
  LOUVER_ASSIGN(const auto process, runtime::Subprocess::start(stage.loop(), std::move(options)));
  LOUVER_TRY(stage.wait([&outcome] { return outcome.status.has_value(); }, "the HTTP client to end"));
  return outcome;
}

/// Empty if there is none: curl writes no file when no octet came.
std::string content_of(const std::string& path) {
  const auto bytes = runtime::read_file_checked(path, file_octets_most);
  return bytes ? std::string{as_text(*bytes)} : std::string{};
}

class Curl final : public HttpClient {
 public:
  Curl(Stage& stage, std::string path, std::string name)
      : stage_(stage), path_(std::move(path)), name_(std::move(name)) {}
  std::string name() const override { return name_; }

  Result<Answer> make(const Path& path, const Request& request) override {
    const std::string base = stage_.directory() + "/request-" + std::to_string(++requests_);
    // clang-format off
    std::vector<std::string> argv = {
        path_, "-q", "-sS", "--max-time", "8", "--noproxy", "", "-x", "http://127.0.0.1:" + std::to_string(path.proxy_port()),
        "-D", base + ".head", "-o", base + ".body", "-X", request.method};
    // clang-format on
    for (const auto& [name, value] : request.fields) {
      std::string field = name;
      field.append(": ").append(value);
      argv.insert(argv.end(), {"-H", std::move(field)});
    }
    if (request.chunked) argv.insert(argv.end(), {"-H", "Transfer-Encoding: chunked"});
    if (!request.body.empty()) {
      LOUVER_TRY(write_scratch(base + ".upload", request.body));
      argv.insert(argv.end(), {"-H", "Expect:", "--data-binary", "@" + base + ".upload"});
    }
    argv.push_back(request.url);
    LOUVER_ASSIGN(const Printed outcome, run_program(stage_, std::move(argv)));
    Answer answer;
    answer.whole = outcome.status->ok();
    answer.trouble = outcome.err;
    take_head(content_of(base + ".head"), answer);
    answer.body = content_of(base + ".body");
    return answer;
  }

 private:
  Stage& stage_;
  std::string path_, name_;
  unsigned requests_ = 0;  // numbers the files
};

}  // namespace

void take_head(std::string_view text, Answer& answer) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {
      answer.fields.clear();
      answer.head_octets = 0;
      const std::size_t space = line.find(' ');
      const std::string_view digits = space == std::string_view::npos ? "" : line.substr(space + 1, 3);
      answer.status = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), answer.status);
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      std::string name{line.substr(0, colon)};
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      std::string_view value = line.substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      answer.fields[name] = std::string{value};
    }
    answer.head_octets += line.size() + 2;
  }
}

std::unique_ptr<HttpClient> make_curl(Stage& stage, std::string path, std::string name) {
  return std::make_unique<Curl>(stage, std::move(path), std::move(name));
}

Result<std::unique_ptr<HttpClient>> find_client(Stage& stage) {
  for (const char* path : curl_places) {
    if (access(path, X_OK) != 0) continue;
    LOUVER_ASSIGN(const Printed outcome, run_program(stage, {path, "-q", "--version"}));
    // "curl 7.88.1 (x86_64-pc-linux-gnu) ..."
    if (outcome.status->ok() && outcome.out.starts_with("curl "))
      return make_curl(stage, path, outcome.out.substr(0, outcome.out.find(' ', 5)));
  }
  return make_library_client(stage);
}

}  // namespace louver::role::demo
