#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "config/test_examples.h"

namespace louver::config {
namespace {

using namespace std::chrono_literals;
using session::Grant;

constexpr std::string_view shortest_agent = R"([[trust]]
anchors = "ca.pem"
[[http]]
listen = "127.0.0.1:8080"
[[route]]
name = "web"
server = "origin.example"
port = 443
connect = "127.0.0.1:4433"
)";

constexpr std::string_view shortest_gateway = R"(name = "origin.example"
[certificate]
chain = "gateway.pem"
key = "gateway.key"
[[trust]]
anchors = "ca.pem"
[[origin]]
default = true
connect = "127.0.0.1:8081"
)";

template <class T>
T good(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().detail;
    return T{};
  }
  return *std::move(result);
}

TEST(Load, reads_the_example_of_an_agent) {
  const Agent agent = good(load<Agent>(examples + "agent.toml"));
  EXPECT_EQ(agent.common.threads, 2U);
  ASSERT_TRUE(agent.common.certificate);
  EXPECT_EQ(agent.common.certificate->key, examples + "pki/agent.key");
  EXPECT_EQ(agent.common.limits.connect_deadline, 3s);
  EXPECT_EQ(agent.common.limits.idle_deadline, 10min);
  ASSERT_EQ(agent.http.size(), 2U);
  EXPECT_EQ(agent.http[0].mode, HttpListener::Mode::proxy);
  EXPECT_EQ(agent.http[1].listen, (Endpoint{"127.0.0.1", 8081}));
  EXPECT_EQ(agent.http[1].route, "shop");
  ASSERT_EQ(agent.tcp.size(), 1U);
  EXPECT_EQ(agent.tcp[0].route, "database");

  const Route* shop = agent.find_route("shop");
  ASSERT_TRUE(shop);
  EXPECT_EQ(shop->place, examples + "agent.toml:42:1");
  EXPECT_EQ(shop->hosts, (std::vector<Authority>{{"shop.example", {}}, {"www.shop.example", std::uint16_t{8443}}}));
  ASSERT_EQ(shop->middleboxes.size(), 2U);
  EXPECT_EQ(shop->middleboxes[0].grants, (Grants{{"request-head", Grant::read, Grant::read},
                                                 {"request-body", Grant::inspect, Grant::inspect},
                                                 {"response-body", Grant::none, Grant::redact}}));
  EXPECT_EQ(shop->middleboxes[0].minimum, (Grants{{"request-body", Grant::inspect, Grant::inspect}}));
  EXPECT_EQ(shop->middleboxes[1].name, "vault.example");
  EXPECT_EQ(shop->middleboxes[1].port, 4432);

  const Route* database = agent.find_route("database");
  ASSERT_TRUE(database);
  EXPECT_EQ(database->profile, Profile::stream_1);
  EXPECT_TRUE(database->require_hybrid);
  EXPECT_EQ(agent.find_route("none"), nullptr);
}

TEST(Load, reads_the_example_of_a_middlebox) {
  const Middlebox middlebox = good(load<Middlebox>(examples + "middlebox.toml"));
  EXPECT_EQ(middlebox.name, "scanner.example");
  EXPECT_EQ(middlebox.listen, (Endpoint{"127.0.0.1", 4431}));
  ASSERT_EQ(middlebox.common.trust.size(), 2U);
  EXPECT_EQ(middlebox.common.trust[1].middlebox_uri, "spiffe://example.org/louver/middlebox/*");
  EXPECT_EQ(middlebox.describe.operator_name, "Example Ltd., security operations");
  EXPECT_FALSE(middlebox.describe.software);
  EXPECT_EQ(middlebox.common.limits.buffer, 512U * 1024);
  EXPECT_EQ(middlebox.common.log.format, Log::Format::json);
  EXPECT_EQ(middlebox.common.log.file, examples + "scanner.log");

  const Next* vault = middlebox.find_next("vault.example", 4432);
  ASSERT_TRUE(vault);
  EXPECT_EQ(vault->connect, (Endpoint{"127.0.0.1", 4432}));
  EXPECT_TRUE(middlebox.find_next("shop.example", 4433)->resolve);
  EXPECT_EQ(middlebox.find_next("vault.example", 4433), nullptr);
  EXPECT_EQ(middlebox.find_next("other.example", 4432), nullptr);

  ASSERT_EQ(middlebox.filters.size(), 2U);
  EXPECT_EQ(middlebox.filters[0].contexts, std::vector<std::string>{"request-head"});
  EXPECT_EQ(std::get<LogFilter>(middlebox.filters[0].options).sample, 0.5);
  const auto& edit = std::get<EditFilter>(middlebox.filters[1].options);
  EXPECT_EQ(edit.set, (std::vector<HeaderField>{{"x-scanned-by", "scanner.example"}}));
  EXPECT_EQ(edit.remove, std::vector<std::string>{"x-debug"});
  ASSERT_EQ(edit.rewrite_path.size(), 1U);
  EXPECT_EQ(edit.rewrite_path[0].to, "/new/");
  EXPECT_EQ(middlebox.policy.servers, std::vector<std::string>{"shop.example"});
  EXPECT_EQ(middlebox.policy.on_missing_grant, MiddleboxPolicy::OnMissingGrant::go_on);
}

TEST(Load, reads_the_example_of_a_gateway) {
  const Gateway gateway = good(load<Gateway>(examples + "gateway.toml"));
  EXPECT_EQ(gateway.listen, (Endpoint{"::1", 4433}));
  EXPECT_TRUE(gateway.policy.require_client_certificate);
  EXPECT_EQ(gateway.policy.clients.size(), 2U);
  EXPECT_EQ(gateway.policy.lifetime, 15min);
  ASSERT_EQ(gateway.middleboxes.size(), 3U);
  EXPECT_TRUE(gateway.middleboxes[0].required);
  EXPECT_TRUE(gateway.middleboxes[2].refuse);
  EXPECT_EQ(gateway.common.limits.max_record, 16384U);
  EXPECT_EQ(gateway.common.limits.drain_deadline, 1min);
  EXPECT_TRUE(gateway.serves(Profile::http_1));
  EXPECT_FALSE(gateway.serves(Profile::stream_1));
  EXPECT_EQ(gateway.stream_origin(), nullptr);
}

TEST(Load, finds_the_role_in_the_file) {
  const auto any = load_any(examples + "middlebox.toml");
  ASSERT_TRUE(any) << any.error().detail;
  EXPECT_TRUE(std::holds_alternative<Middlebox>(*any));
}

TEST(Load, says_that_the_role_is_missing_or_another_one) {
  const std::string path = ::testing::TempDir() + "louver_config_without_role.toml";
  std::ofstream(path) << shortest_agent;
  EXPECT_EQ(load_any(path).error().detail,
            path + ":1:1: for whom is this file? Write role = \"agent\", \"middlebox\" or \"gateway\" at its top");
  std::ofstream(path) << "role = \"x\"\n" << shortest_agent;
  EXPECT_EQ(load_any(path).error().detail,
            path + ":1:8: role: expected \"agent\", \"middlebox\" or \"gateway\", found \"x\"");
  std::filesystem::remove(path);
  EXPECT_EQ(load<Agent>(examples + "gateway.toml").error().detail,
            examples +
                "gateway.toml:5:1: \"name\" is a key of the role middlebox and gateway, and this file is read for the "
                "role agent");
}

TEST(Load, fills_in_the_defaults) {
  const Agent agent = good(parse<Agent>(shortest_agent, "f.toml"));
  EXPECT_EQ(agent.common.threads, 1U);
  EXPECT_FALSE(agent.common.certificate);
  EXPECT_EQ(agent.common.log.level, Log::Level::info);
  EXPECT_EQ(agent.common.log.format, Log::Format::text);
  EXPECT_FALSE(agent.common.log.file);
  EXPECT_EQ(agent.common.limits.handshake_deadline, limits::handshake_deadline);
  EXPECT_EQ(agent.common.limits.buffer, 256U * 1024);
  EXPECT_EQ(agent.routes[0].profile, Profile::http_1);
  EXPECT_EQ(agent.routes[0].renew, 10min);
  EXPECT_EQ(agent.routes[0].suites.front(), crypto::SuiteId::aes_128_gcm_sha256);
  EXPECT_FALSE(agent.routes[0].max_record);

  const Gateway gateway = good(parse<Gateway>(shortest_gateway, "f.toml"));
  EXPECT_EQ(gateway.listen, (Endpoint{"127.0.0.1", 4433}));
  EXPECT_FALSE(gateway.policy.require_client_certificate);
  EXPECT_TRUE(gateway.policy.tell_parties);
  EXPECT_EQ(gateway.policy.lifetime, limits::association_lifetime);
  EXPECT_TRUE(gateway.middleboxes.empty());  // nobody is approved
}

// JN-06
TEST(Load, JN_06_whom_a_listener_serves_is_its_own_user_unless_others_are_named) {
  using Who = ListenerUsers::Who;
  const auto with = [](const std::string& users) {
    std::string text{shortest_agent};
    text.insert(text.find("[[route]]"), users);
    return good(parse<Agent>(text, "a.toml")).http.at(0).users;
  };
  EXPECT_EQ(with("").who, Who::own);
  EXPECT_EQ(with("users = \"any\"\n").who, Who::any);
  EXPECT_EQ(with("users = [\"alice\", \"1000\", \"EXAMPLE\\\\bob\"]\n"),
            (ListenerUsers{Who::listed, {"alice", "1000", "EXAMPLE\\bob"}}));
}

TEST(Load, starts_relative_paths_from_the_folder_of_the_file) {
  EXPECT_EQ(good(parse<Agent>(shortest_agent, "/etc/louver/agent.toml")).common.trust[0].anchors, "/etc/louver/ca.pem");
  EXPECT_EQ(good(parse<Agent>(shortest_agent, "conf/../agent.toml")).common.trust[0].anchors, "ca.pem");
  EXPECT_EQ(good(parse<Agent>(shortest_agent, "agent.toml")).common.trust[0].anchors, "ca.pem");
  std::string absolute{shortest_agent};
  absolute.replace(absolute.find("ca.pem"), 6, "/pki/ca.pem");
  EXPECT_EQ(good(parse<Agent>(absolute, "/etc/louver/agent.toml")).common.trust[0].anchors, "/pki/ca.pem");
}

TEST(Load, takes_values_at_both_ends_of_their_bounds) {
  const auto with = [](const std::string& line) { return line + "\n" + std::string{shortest_agent}; };
  EXPECT_EQ(good(parse<Agent>(with("threads = 1"), "f")).common.threads, 1U);
  EXPECT_EQ(good(parse<Agent>(with("threads = 64"), "f")).common.threads, 64U);
  EXPECT_EQ(good(parse<Agent>(with("limits = { max_record = 1024 }"), "f")).common.limits.max_record, 1024U);
  EXPECT_EQ(good(parse<Agent>(with("limits = { max_record = 65536 }"), "f")).common.limits.max_record, 65536U);
  EXPECT_EQ(
      good(parse<Agent>(with("limits = { handshake_deadline = \"100ms\" }"), "f")).common.limits.handshake_deadline,
      100ms);
  EXPECT_EQ(good(parse<Agent>(with("limits = { handshake_deadline = \"2m\" }"), "f")).common.limits.handshake_deadline,
            2min);
}

TEST(Load, chooses_the_route_by_host_and_port) {
  const std::string text = std::string{shortest_agent} + R"(hosts = ["a.example", "[2001:db8::1]"]
[[route]]
name = "port"
server = "b.example"
port = 1
connect = "127.0.0.1:1"
hosts = ["a.example:8080"]
[[route]]
name = "rest"
server = "c.example"
port = 1
connect = "127.0.0.1:1"
default = true
)";
  const Agent agent = good(parse<Agent>(text, "f.toml"));
  ASSERT_EQ(agent.routes.size(), 3U);
  EXPECT_EQ(agent.route_for("a.example", 80)->name, "web");
  EXPECT_EQ(agent.route_for("A.Example", 80)->name, "web");
  EXPECT_EQ(agent.route_for("2001:db8::1", 80)->name, "web");
  EXPECT_EQ(agent.route_for("a.example", 8080)->name, "port");
  EXPECT_EQ(agent.route_for("a.example.evil", 80)->name, "rest");
  EXPECT_EQ(agent.route_for("", 80)->name, "rest");
}

TEST(Load, has_no_route_for_a_host_that_nobody_lists) {
  EXPECT_EQ(good(parse<Agent>(shortest_agent, "f.toml")).route_for("a.example", 80), nullptr);
}

TEST(Load, chooses_the_origin_by_host) {
  const std::string text = std::string{shortest_gateway} + R"([[origin]]
hosts = ["a.example"]
connect = "127.0.0.1:1"
[[origin]]
profile = "stream/1"
connect = "127.0.0.1:2"
)";
  const Gateway gateway = good(parse<Gateway>(text, "f.toml"));
  EXPECT_EQ(gateway.http_origin("a.example", 80)->connect.port, 1);
  EXPECT_EQ(gateway.http_origin("b.example", 80)->connect.port, 8081);
  EXPECT_EQ(gateway.stream_origin()->connect.port, 2);
  EXPECT_TRUE(gateway.serves(Profile::stream_1));
}

TEST(Load, reads_unix_sockets_relative_to_the_folder_of_the_file_and_proxies) {
  std::string text{shortest_agent};
  text += R"([[http]]
listen = "unix:run/../a.sock"
socket_mode = "0660"
users = ["alice"]
[[http]]
listen = "unix:/b.sock"
proxy_protocol_from = ["haproxy", "33"]
[[http]]
listen = "192.0.2.1:80"
proxy_protocol_from = ["192.0.2.0/24", "2001:db8::1"]
)";
  const Agent agent = good(parse<Agent>(text, "/etc/louver/agent.toml"));
  ASSERT_EQ(agent.http.size(), 4U);
  EXPECT_EQ(agent.http[1].listen, (Endpoint{.path = "/etc/louver/a.sock"}));
  EXPECT_EQ(to_text(agent.http[1].listen), "unix:/etc/louver/a.sock");
  EXPECT_TRUE(is_loopback(agent.http[1].listen));
  EXPECT_EQ(agent.http[1].socket_mode, 0660);
  EXPECT_FALSE(agent.http[1].proxy_protocol_from.expected());
  EXPECT_EQ(agent.http[2].listen.path, "/b.sock");
  EXPECT_EQ(agent.http[2].proxy_protocol_from.users, (std::vector<std::string>{"haproxy", "33"}));
  EXPECT_EQ(agent.http[3].proxy_protocol_from.addresses.size(), 2U);

  std::string served{shortest_gateway};
  served += "proxy_protocol = \"v2\"\n[[origin]]\nhosts = [\"a.example\"]\nconnect = \"unix:origin.sock\"\n";
  const Gateway gateway = good(parse<Gateway>(served, "/etc/louver/gateway.toml"));
  ASSERT_EQ(gateway.origins.size(), 2U);
  EXPECT_EQ(gateway.origins[0].proxy_protocol, Origin::ProxyProtocol::v2);
  EXPECT_FALSE(gateway.origins[1].proxy_protocol);
  EXPECT_EQ(gateway.origins[1].connect.path, "/etc/louver/origin.sock");
}

TEST(Load, a_path_of_a_unix_socket_is_as_long_as_the_system_takes) {
  const auto with = [](std::size_t octets) {
    std::string text{shortest_agent};
    return text + "[[tcp]]\nroute = \"t\"\nlisten = \"unix:/" + std::string(octets - 1, 'x') +
           "\"\n[[route]]\nname = \"t\"\nprofile = \"stream/1\"\nserver = \"a.example\"\nport = 1\nconnect = "
           "\"127.0.0.1:1\"\n";
  };
  EXPECT_TRUE(parse<Agent>(with(107), "f.toml"));
  const auto refused = parse<Agent>(with(108), "f.toml");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("has at most 107 octets"), std::string::npos) << refused.error().detail;
}

}  // namespace
}  // namespace louver::config
