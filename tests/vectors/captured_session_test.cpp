#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "profile/registry.h"
#include "recorder.h"
#include "vectors/document.h"

/// A real association and session, as the engines run them, is what somebody computes who has only the frames and the
/// key log. LOUVER_WRITE_VECTORS=1 writes docs/vectors/session.json from such a run.
namespace louver::capture {
namespace {

using session::Verdict;

const std::string file_name = std::string{LOUVER_SOURCE_DIR} + "/docs/vectors/session.json";

/// M1 reads heads and answers, M2 writes answers; neither sees credentials.
sim::PathSpec reader_and_writer() {
  sim::PathSpec spec;
  spec.middleboxes = 2;
  spec.profile = profile::find_profile("http/1");
  spec.grants =
      sim::grants_from("M1: request-head=read, response-body=read; M2: response-head=read, response-body=write");
  return spec;
}

/// The writer puts its own words into the answer's body.
Result<Verdict> rewrite(const session::Part& part, session::Grant grant, session::PartSink* emit) {
  if (grant != session::Grant::write || part.bytes.empty()) return Verdict::pass;
  session::Part changed = part;
  changed.bytes = as_bytes("ANSWER, as M2 writes it\n");
  LOUVER_TRY(emit->on_part(changed));
  return Verdict::replaced;
}

void exchange(sim::Path::Session& session, std::uint32_t number) {
  session.send(Side::client, "request-head",
               "POST /transfer HTTP/1.1\r\nhost: bank.example\r\ncontent-length: 10\r\n\r\n", number);
  session.send(Side::client, "request-credentials", "cookie: session=secret\r\n", number);
  session.send(Side::client, "request-body", "account 12", number);
  session.send(Side::server, "response-head", "HTTP/1.1 200 OK\r\n\r\n", number);
  session.send(Side::server, "response-credentials", "", number);
  session.send(Side::server, "response-body", "answer", number);
}

/// Agreement, ten seconds of life, a session of two exchanges, the end of both.
vectors::Capture recorded(sim::PathSpec spec, const sim::TestHandler::Act& act = rewrite,
                          const char* tls_suite = nullptr) {
  Recorder recorder{std::move(spec), tls_suite};
  sim::Path& path = recorder.path();
  EXPECT_TRUE(path.establish());
  path.association().run_until(path.clock.mono + limits::alive_interval + std::chrono::seconds{1});
  auto session = path.join();
  for (std::size_t i = 1; i <= path.spec.middleboxes; ++i) session->relay(i).handler.act = act;
  session->start();
  session->run();
  for (std::uint32_t number = 1; number <= 2; ++number) exchange(*session, number);
  session->finish(Side::client);
  session->finish(Side::server);
  EXPECT_FALSE(session->anyone_failed());
  sim::Node::Outputs out;
  EXPECT_TRUE(path.client().close(0, wire::drain_by_themselves, path.clock.now(), out.to_server));
  path.association().put(0, out);
  path.association().run();
  return recorder.capture(*session);
}

vectors::Json document_of(const vectors::Capture& capture) {
  const auto computed = vectors::compute(vectors::session_format, to_json(capture));
  EXPECT_TRUE(computed) << name_of(computed.error().fault) << ' ' << computed.error().detail;
  return computed ? *computed : vectors::Json{};
}

vectors::Json kept() {
  std::ifstream file{file_name};
  std::stringstream text;
  text << file.rdbuf();
  const auto parsed = vectors::parse(text.str());
  EXPECT_TRUE(parsed) << file_name;
  return parsed ? *parsed : vectors::Json{};
}

/// What a party opened of a context, in a row.
std::string taken(const vectors::Json& document, std::size_t receiver, std::size_t context) {
  std::string out;
  for (const vectors::Json& record : document["records"]) {
    const vectors::Json& one = record["taken"];
    if (record["receiver"] != receiver || one["context"] != context || !one.contains("content")) continue;
    const auto octets = vectors::Place{one["content"], ""}.octets(0, 1024);
    if (octets) out += as_text(*octets);
  }
  return out;
}

TEST(CapturedSession, a_fresh_run_is_what_its_key_log_leads_to) {
  const vectors::Json document = document_of(recorded(reader_and_writer()));
  ASSERT_FALSE(document.is_null());
  EXPECT_EQ(taken(document, 3, 3), "account 12account 12");
  EXPECT_EQ(taken(document, 1, 3), "");  // no grant
  EXPECT_EQ(taken(document, 2, 6), "answeranswer");
  EXPECT_EQ(taken(document, 1, 6), taken(document, 0, 6));
  EXPECT_TRUE(taken(document, 0, 6).starts_with("ANSWER, as M2 writes it"));
  if (std::getenv("LOUVER_WRITE_VECTORS") != nullptr) std::ofstream{file_name} << document.dump(1) << '\n';
}

/// Other suites, a client with a certificate, redactors and witnesses, no middlebox at all.
TEST(CapturedSession, runs_of_other_paths_are_too) {
  const auto redact = [](const session::Part& part, session::Grant grant, session::PartSink*) -> Result<Verdict> {
    return grant == session::Grant::redact && !part.bytes.empty() && !part.redacted ? Verdict::redact : Verdict::pass;
  };
  for (const std::uint16_t suite : std::initializer_list<std::uint16_t>{0x1301, 0x1302, 0x1303}) {
    sim::PathSpec spec = reader_and_writer();
    spec.suite = suite;
    spec.client_certificate = suite == 0x1302;
    EXPECT_FALSE(document_of(recorded(spec)).is_null()) << suite;
    spec.middleboxes = 3;
    spec.grants = sim::grants_from(
        "M1: request-body=redact, response-body=inspect; M2: request-body=inspect, response-body=redact;"
        "M3: request-body=redact, request-head=write, response-body=inspect");
    const vectors::Json document = document_of(recorded(spec, redact));
    std::size_t tombstones = 0;
    for (const vectors::Json& record : document["records"]) tombstones += record.contains("redactor") ? 1 : 0;
    EXPECT_EQ(tombstones, 2 * (3 + 2)) << suite;  // M1's on three hops, M2's on two
    spec.middleboxes = 0;
    EXPECT_FALSE(document_of(recorded(spec)).is_null()) << suite;
  }
}

/// TLS chooses its suites for itself, whatever the session's is.
TEST(CapturedSession, runs_over_other_tls_suites_are_too) {
  for (const char* tls_suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    sim::PathSpec spec = reader_and_writer();
    spec.suite = 0x1302;
    spec.client_certificate = true;
    const vectors::Json document = document_of(recorded(spec, rewrite, tls_suite));
    ASSERT_FALSE(document.is_null()) << tls_suite;
    std::string name = document["channels"]["e"]["tls_suite"];
    std::ranges::replace(name, '-', '_');
    EXPECT_EQ("TLS_" + name, tls_suite);
    EXPECT_FALSE(document["channels"]["e"]["client"]["leaf_hash"].is_null());
  }
}

TEST(CapturedSession, the_kept_file_is_what_its_key_log_leads_to) {
  const vectors::Json document = kept();
  const auto found = vectors::verify(document);
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_TRUE(found->empty()) << found->front();
}

/// Another digit at that place; the flip of a flip is the original.
void change(vectors::Json& leaf, std::size_t at) {
  auto& text = leaf.get_ref<std::string&>();
  char& digit = text[at % text.size()];
  digit = digit == '0' ? '1' : '0';
}

/// Refused, or something that is computed differs: never an agreement.
bool is_noticed(const vectors::Json& document) {
  const auto found = vectors::verify(document);
  return !found || !found->empty();
}

std::vector<std::string> leaves(const vectors::Json& json) {
  std::vector<std::string> out;
  const vectors::Json flat = json.flatten();
  for (const auto& [path, value] : flat.items()) out.push_back(path);
  return out;
}

/// Each frame, secret and seed: its first octets one by one, then places all over it.
TEST(CapturedSession, each_changed_input_is_noticed) {
  const vectors::Json right = kept();
  for (const std::string& path : leaves(right["inputs"])) {
    const vectors::Json::json_pointer place{"/inputs" + path};
    const std::size_t digits = right[place].get_ref<const std::string&>().size();
    const std::size_t step = std::max<std::size_t>(1, digits / 13);
    for (std::size_t at = 0; at < digits; at += at < 20 ? 1 : step) {
      vectors::Json changed = right;
      change(changed[place], at);
      ASSERT_TRUE(is_noticed(changed)) << path << ' ' << at;
    }
  }
}

TEST(CapturedSession, each_changed_member_is_named) {
  const vectors::Json right = kept();
  vectors::Json changed = right;
  for (const std::string& path : leaves(right)) {
    if (path.starts_with("/inputs/") || path == "/format") continue;
    const vectors::Json::json_pointer place{path};
    vectors::Json& leaf = changed[place];
    if (leaf.is_string() && !leaf.get_ref<const std::string&>().empty()) {
      change(leaf, 7);
    } else if (leaf.is_boolean()) {
      leaf = !leaf.get<bool>();
    } else {
      leaf = "00";
    }
    const auto found = vectors::verify(changed);
    ASSERT_TRUE(found) << path;
    ASSERT_EQ(*found, std::vector{path + ": differs from what is computed"});
    leaf = right[place];
  }
}

/// Every list of frames, every frame: taken away, or said twice; in a session also out of turn.
TEST(CapturedSession, a_frame_too_few_or_too_many_is_noticed) {
  const vectors::Json right = kept();
  for (const char* kind : {"association", "session"}) {
    for (std::size_t hop = 0; hop < right["inputs"][kind].size(); ++hop) {
      for (const char* way : {"c2s", "s2c"}) {
        const std::size_t count = right["inputs"][kind][hop][way].size();
        for (std::size_t i = 0; i < count; ++i) {
          const std::string what = kind + std::to_string(hop) + way + std::to_string(i);
          vectors::Json fewer = right;
          fewer["inputs"][kind][hop][way].erase(i);
          EXPECT_TRUE(is_noticed(fewer)) << what;
          vectors::Json more = right;
          more["inputs"][kind][hop][way].push_back(more["inputs"][kind][hop][way][i]);
          EXPECT_TRUE(is_noticed(more)) << what;
          if (i == 0 || std::string{kind} == "association") continue;
          vectors::Json turned = right;
          std::swap(turned["inputs"][kind][hop][way][i - 1], turned["inputs"][kind][hop][way][i]);
          EXPECT_TRUE(is_noticed(turned)) << what;
        }
      }
    }
  }
}

TEST(CapturedSession, malformed_inputs_are_refused_by_their_path) {
  const vectors::Json right = kept();
  for (const std::string& path : leaves(right["inputs"])) {
    for (const vectors::Json& other :
         std::vector<vectors::Json>{nullptr, 1, true, "0", "zz", "", vectors::Json::array()}) {
      vectors::Json changed = right;
      changed[vectors::Json::json_pointer{"/inputs" + path}] = other;
      const auto found = vectors::verify(changed);
      ASSERT_FALSE(found) << path << ' ' << other;
      ASSERT_TRUE(found.error().detail.starts_with("/inputs" + path + ": ")) << found.error().detail;
    }
  }
  for (const auto& [name, value] : right["inputs"].items()) {
    vectors::Json changed = right;
    changed["inputs"].erase(name);
    EXPECT_FALSE(vectors::verify(changed)) << name;
  }
  for (const char* path :
       {"/more", "/key_log/c3", "/key_log/e/more", "/key_log/c1/EXPORTER_SECRET", "/association/0/more"}) {
    vectors::Json changed = right;
    changed[vectors::Json::json_pointer{std::string{"/inputs"} + path}] = std::string(64, '0');
    EXPECT_FALSE(vectors::verify(changed)) << path;
  }
}

}  // namespace
}  // namespace louver::capture
