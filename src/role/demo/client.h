#pragma once

#include <map>
#include <string>
#include <vector>

#include "role/demo/stage.h"

namespace louver::role::demo {

/// A request for a real HTTP client to make through the agent of a path.
struct Request {
  std::string method = "GET", url;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
  bool chunked = false;
};

/// What the client says came of it.
struct Answer {
  int status = 0;                             // 0: none
  bool whole = false;                         // the client takes it for a complete answer
  std::map<std::string, std::string> fields;  // of the final response; names in lower case
  std::uint64_t head_octets = 0;
  std::string body;
  std::string trouble;  // in the client's words
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// "curl 7.88.1"
  virtual std::string name() const = 0;
  /// @fault as Stage::wait
  virtual Result<Answer> make(const Path& path, const Request& request) = 0;

 protected:
  HttpClient() = default;
  HttpClient(const HttpClient&) = default;
  HttpClient& operator=(const HttpClient&) = default;
};

/// curl if it is installed, else a client of this program's own with a library's HTTP.
Result<std::unique_ptr<HttpClient>> find_client(Stage& stage);

/// "Name: value" lines of a response head into `answer`; later heads (after an interim one) replace earlier ones.
void take_head(std::string_view text, Answer& answer);

std::unique_ptr<HttpClient> make_curl(Stage& stage, std::string path, std::string name);
std::unique_ptr<HttpClient> make_library_client(Stage& stage);

}  // namespace louver::role::demo
