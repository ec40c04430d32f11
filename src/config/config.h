#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "config/address.h"
#include "config/address_range.h"
#include "config/icap_url.h"
#include "crypto/suite.h"
#include "session/grants.h"

/// The operator's TOML file as plain values: checked as far as a file can be checked without opening what it names.
///
/// One schema (schema.h) serves all roles; each role takes its part of it. Members that are not in the file hold the
/// defaults written here (every member has one, so that code can name a few and leave out the rest). Paths are absolute
/// or relative to the working directory: those of the file were relative to its folder. `place` is "file:line:column"
/// of a table, for complaints that only a role can make.
namespace louver::config {

using std::chrono::milliseconds;

enum class Role : std::uint8_t { agent, middlebox, gateway };
std::string_view name_of(Role role);

/// How the application bytes are cut into contexts.
enum class Profile : std::uint8_t { http_1, stream_1 };
/// "http/1", "stream/1": as in the Hello (docs/protocol.md §3).
std::string_view name_of(Profile profile);

// --- what every role has
// ----------------------------------------------------------------------------------------------

struct CertificateFiles {
  std::string chain = {};  // PEM, the leaf first
  std::string key = {};    // PEM; tls::Identity refuses one that others may read
  std::string place = {};
};

struct TrustFile {
  std::string anchors = {};     // PEM
  std::string client_uri = {};  // patterns of URI SANs instead of extended key usages; empty: none
  std::string middlebox_uri = {};
  std::string server_uri = {};
  std::string place = {};
};

struct Log {
  enum class Level : std::uint8_t { debug, info, warn, error };
  enum class Format : std::uint8_t { text, json };
  Level level = Level::info;
  Format format = Format::text;
  std::optional<std::string> file = {};  // else stderr
  bool operator==(const Log&) const = default;
};

struct Limits {
  std::uint32_t associations = 1000;
  std::uint32_t associations_per_source = 100;
  std::uint32_t sessions = 10000;
  std::uint32_t sessions_per_association = 1000;
  std::uint32_t handshakes = 100;  // in progress
  std::uint32_t handshakes_per_source = 20;
  std::uint32_t max_record = limits::max_record_default;  // offered by an agent, the most that a gateway accepts
  milliseconds connect_deadline{5000};
  milliseconds handshake_deadline = limits::handshake_deadline;
  milliseconds idle_deadline = limits::idle_deadline;
  milliseconds drain_deadline{30000};  // after SIGTERM
  std::size_t buffer = 256 * 1024;     // octets for each session and direction
  bool operator==(const Limits&) const = default;
};

/// Where `louver control` reaches a running process.
struct Control {
  std::optional<std::string> socket = {};  // a Unix socket; else the process takes no commands
  bool operator==(const Control&) const = default;
};

/// For those who look for a fault; nothing of it belongs into daily use.
struct Debug {
  std::optional<std::string> keylog = {};  // where secrets are written to, if the environment says so too
  bool operator==(const Debug&) const = default;
};

struct Common {
  unsigned threads = 1;
  std::optional<CertificateFiles> certificate = {};  // always there for middleboxes and gateways
  std::vector<TrustFile> trust = {};                 // at least one
  Log log = {};
  Limits limits = {};
  Control control = {};
  Debug debug = {};
  std::string file = {};  // that this was read from; empty: from none, so it cannot be read again
};

// --- grants
// -----------------------------------------------------------------------------------------------------------

struct ContextGrants {
  std::string context = {};
  session::Grant c2s = session::Grant::none;
  session::Grant s2c = session::Grant::none;
  bool operator==(const ContextGrants&) const = default;
};
/// By context, each once; `none` for a context that is not here.
using Grants = std::vector<ContextGrants>;

// --- audit
// ------------------------------------------------------------------------------------------------------------

/// Where an end keeps what its audits find. docs/protocol.md §9
struct Audit {
  enum class OnFull : std::uint8_t { stop, count };
  std::optional<std::string> log = {};
  OnFull on_full = OnFull::stop;
  bool sync = false;
  std::optional<std::string> secrets = {};
  bool operator==(const Audit&) const = default;
};
/// In a list of contexts to audit: every context of the profile.
inline constexpr std::string_view audit_all = "all";

// --- field contexts
// ---------------------------------------------------------------------------------------------------

/// A context of its own for one value of each HTTP message. docs/protocol.md, annex http/1, "Field contexts"
struct FieldContext {
  enum class Type : std::uint8_t { string, number, boolean, any };
  enum class Way : std::uint8_t { request, response, both };
  std::string name = {};
  std::string from = {};  // header:name, form:name, json:/pointer
  Type type = Type::string;
  Way way = Way::request;
  std::string place = {};
};
inline constexpr std::size_t field_contexts_most = 16;

// --- agent
// ------------------------------------------------------------------------------------------------------------

/// One middlebox of a route, in the order of the path from the agent.
struct RouteMiddlebox {
  std::string name = {};
  std::uint16_t port = 0;
  Grants grants = {};   // the most that is offered
  Grants minimum = {};  // an Accept with less is refused (grant_refused)
  std::string place = {};
};

/// A server, the way to it, and who may do what on the way.
struct Route {
  std::string name = {};
  Profile profile = Profile::http_1;
  std::string server = {};
  std::uint16_t port = 0;
  Endpoint connect = {};  // of the first party on the path
  std::vector<RouteMiddlebox> middleboxes = {};
  std::vector<RouteMiddlebox> discover = {};  // those that may announce themselves; `grants` is the most they may get
  std::vector<Authority> hosts = {};          // HTTP authorities that an [[http]] proxy sends this way
  bool is_default = false;                    // and all that no route names
  bool require_hybrid = false;
  std::vector<crypto::SuiteId> suites = {crypto::SuiteId::aes_128_gcm_sha256, crypto::SuiteId::aes_256_gcm_sha384,
                                         crypto::SuiteId::chacha20_poly1305_sha256};
  std::optional<std::uint32_t> max_record = {};  // else limits.max_record
  std::vector<std::string> audit = {};           // contexts, or only audit_all
  bool require_audit = true;                     // an Accept that audits less is refused
  milliseconds renew = limits::association_renewal;
  std::vector<FieldContext> contexts = {};  // http/1
  bool bind_target = true;                  // http/1: credentials say for which method, host and target they are given
  bool trailers = false;                    // http/1: they are carried, in contexts of their own
  std::string place = {};
};

/// Which users of this machine a listener serves: an agent's carries the agent's certificate, a mirror's what others
/// sent.
struct ListenerUsers {
  enum class Who : std::uint8_t {
    own,     // the process's own user and root; everybody, where the listener is not on loopback
    listed,  // exactly `names`
    any,     // everybody who reaches it
  };
  Who who = Who::own;
  std::vector<std::string> names = {};  // of users, or their numbers; whether they exist is for the role to find out
  bool operator==(const ListenerUsers&) const = default;
};

/// Who speaks for others at a listener: each of his connections begins with a header of the PROXY protocol, and nobody
/// else is served. Either addresses or users, as the listener can tell them apart.
struct ProxySenders {
  std::vector<AddressRange> addresses = {};
  std::vector<std::string> users = {};
  bool expected() const { return !addresses.empty() || !users.empty(); }
  bool operator==(const ProxySenders&) const = default;
};

/// Takes plain HTTP from local applications.
struct HttpListener {
  enum class Mode : std::uint8_t { proxy, reverse };
  Endpoint listen = {};
  std::optional<std::uint16_t> socket_mode = {};  // of a Unix socket; else socket_mode_default
  Mode mode = Mode::proxy;
  std::optional<std::string> route = {};  // reverse: where everything goes; always there then
  std::vector<Authority> hosts =
      {};              // reverse: Host values that are answered; empty: the address listened on and localhost
  bool resend = true;  // an idempotent request without a body, when the path broke before anything of its answer came
  ListenerUsers users = {};
  ProxySenders proxy_protocol_from = {};
  std::string place = {};
  bool tls = false;  // applications speak https with it; the certificates are those of LocalCa
};

/// The authority, made on this machine, of the certificates of https listeners: where it is kept.
struct LocalCa {
  std::string certificate = {};
  std::string key = {};
  bool operator==(const LocalCa&) const = default;
};

/// Takes TCP connections from local applications.
struct TcpListener {
  Endpoint listen = {};
  std::optional<std::uint16_t> socket_mode = {};
  std::string route = {};
  ListenerUsers users = {};
  ProxySenders proxy_protocol_from = {};
  std::string place = {};
};

inline constexpr std::uint16_t socket_mode_default = 0600;

struct Agent {
  Common common = {};
  std::vector<Route> routes = {};
  std::vector<HttpListener> http = {};
  std::vector<TcpListener> tcp = {};
  Audit audit = {};
  std::optional<LocalCa> local_ca = {};  // always there where a listener has tls

  /// Null for a name that no route has; those in listeners all exist.
  const Route* find_route(std::string_view name) const;
  /// The route of an HTTP authority: the one that lists it, else the default one, else null.
  const Route* route_for(std::string_view host, std::uint16_t port) const;
};

// --- middlebox
// --------------------------------------------------------------------------------------------------------

/// What a middlebox states about itself to both ends. docs/protocol.md §4 Describe
struct Description {
  std::string operator_name = {};
  std::string purpose = {};
  std::optional<std::string> software = {};  // else "louver/" and the version
  std::string contact = {};
};

/// A party that may follow on a path; nobody else is ever connected to. docs/protocol.md §11
struct Next {
  std::string name = {};
  std::uint16_t port = 0;
  std::optional<Endpoint> connect = {};  // exactly one of connect and resolve
  bool resolve = false;                  // look the name up
  bool allow_private = false;            // and accept an address that is_public() refuses
  std::string place = {};
};

/// A line for each message.
struct LogFilter {
  bool payload = false;
  double sample = 1;  // the share of exchanges that is logged, 0..1
};

struct HeaderField {
  std::string name = {};
  std::string value = {};
  bool operator==(const HeaderField&) const = default;
};
struct PathRewrite {
  std::string from = {};  // prefixes of the path, both beginning with '/'
  std::string to = {};
};
/// Changes header fields and paths.
struct EditFilter {
  std::vector<HeaderField> set = {};
  std::vector<HeaderField> add = {};
  std::vector<std::string> remove = {};
  std::vector<PathRewrite> rewrite_path = {};  // the first that fits
};

struct ScanRule {
  std::string name = {};
  std::string pattern = {};
};
/// Searches messages for patterns.
struct ScanFilter {
  enum class OnMatch : std::uint8_t { log, block, redact, replace };
  std::vector<ScanRule> rules = {};
  std::optional<std::string> rules_file = {};  // more of them, a line each
  OnMatch on_match = OnMatch::block;
  std::string fill = "x";                               // one character, for on_match = replace
  bool pass_coded = false;                              // bodies that cannot be searched
  bool pass_ranges = false;                             // parts of things
  std::uint64_t decoded_most = std::uint64_t{1} << 30;  // octets, of one body
  std::uint32_t ratio_most = 200;
};

/// Applies a content coding to bodies of responses.
struct CompressFilter {
  enum class Coding : std::uint8_t { br, gzip };
  std::vector<Coding> codings = {Coding::br, Coding::gzip};  // the best liked first
  std::uint32_t least = 1024;                                // octets of a body; shorter ones stay as they are
  bool allow_beside_secrets = false;                         // where a secret may be in the body
};

/// Asks worker processes of the operator's.
struct ExecFilter {
  enum class Access : std::uint8_t { read, inspect, redact, write };
  enum class Unit : std::uint8_t { message, piece };
  enum class OnFailure : std::uint8_t { block, pass };
  std::vector<std::string> command = {};      // [0] is the program's path from the root
  std::vector<std::string> environment = {};  // "NAME=value"
  Access access = Access::inspect;
  Unit unit = Unit::message;
  OnFailure on_failure = OnFailure::block;
  std::uint16_t workers = 2;
  milliseconds answer_within = std::chrono::seconds{5};
  std::uint32_t message_most = limits::held_bytes;
};

/// Puts a credential into requests to listed places.
struct SecretFilter {
  enum class Field : std::uint8_t { authorization, cookie };
  enum class WithoutPlaceholder : std::uint8_t { pass, block };
  enum class OnEcho : std::uint8_t { block, redact };
  std::vector<Authority> hosts = {};
  std::vector<std::string> paths = {};  // beginnings, whole segments
  std::optional<std::string> file = {};
  std::vector<std::string> command = {};      // instead of a file; [0] is the program's path from the root
  std::vector<std::string> environment = {};  // "NAME=value"
  milliseconds answer_within = std::chrono::seconds{10};
  std::optional<milliseconds> valid_for = {};
  Field field = Field::authorization;
  std::string scheme = "Bearer";
  std::optional<std::string> placeholder = {};
  WithoutPlaceholder without_placeholder = WithoutPlaceholder::pass;
  bool watch_answers = true;
  OnEcho on_echo = OnEcho::block;
};

/// Copies what it sees, decrypted, for other tools: into a file, or to whoever connects, or both.
struct MirrorFilter {
  std::optional<std::string> file = {};        // pcapng
  std::optional<Endpoint> listen = {};         // PCAP-over-IP
  ListenerUsers users = {};                    // who may read at `listen`
  bool allow_plaintext = false;                // `listen` may be reached from elsewhere
  std::uint32_t rotate_at = 64 * 1024 * 1024;  // octets of a file
  std::uint16_t keep = 4;                      // older files beside it
  std::uint32_t queue = 16 * 1024 * 1024;      // octets that wait to be written, or for each reader
};

/// Asks an ICAP server (RFC 3507).
struct IcapFilter {
  enum class Access : std::uint8_t { inspect, write };
  enum class OnFailure : std::uint8_t { block, pass };
  IcapUrl url = {};
  std::optional<std::string> reqmod = {};  // services, where not that of `url`
  std::optional<std::string> respmod = {};
  Access access = Access::inspect;
  bool heads = false;
  OnFailure on_failure = OnFailure::block;
  bool allow_plaintext = false;
  std::uint16_t connections = 20;
  milliseconds connect_within = std::chrono::seconds{2};
  milliseconds answer_within = std::chrono::seconds{5};
  std::optional<std::uint64_t> message_most = {};
};

/// Stops messages that are not JSON of a schema, or requests without a good token.
struct ValidateFilter {
  enum class Algorithm : std::uint8_t { rs256, ps256, es256, eddsa, hs256 };
  std::optional<std::string> schema = {};  // file; for the bodies among the contexts
  std::uint32_t message_most = 256 * 1024;
  std::optional<std::string> jwt_key = {};  // file; for the tokens of requests
  std::optional<Algorithm> jwt_algorithm = {};
  std::optional<std::string> jwt_issuer = {};
  std::optional<std::string> jwt_audience = {};
  milliseconds jwt_leeway = {};
};

struct Filter {
  std::vector<std::string> contexts = {};  // empty: every context on which the middlebox has the grant
  std::variant<LogFilter, EditFilter, ScanFilter, ExecFilter, SecretFilter, CompressFilter, MirrorFilter, IcapFilter,
               ValidateFilter>
      options = {};
  std::string place = {};
};

/// What a middlebox says to a client whose Hello does not name it. docs/protocol.md §10
struct Announcement {
  std::uint16_t port = 0;  // by which the party before it would know it
  Grants wishes = {};
};

struct MiddleboxPolicy {
  enum class OnMissingGrant : std::uint8_t { end, go_on };
  std::vector<std::string> servers = {};  // last parties that paths through this middlebox may have; empty: any
  bool hold_failures = false;             // tell of a next party that cannot be reached only at the connect deadline
  OnMissingGrant on_missing_grant = OnMissingGrant::end;  // when a filter lacks a grant that it needs
};

struct Middlebox {
  Common common = {};
  std::string name = {};
  Endpoint listen{"127.0.0.1", 4433};
  Description describe = {};
  std::vector<Next> next = {};
  std::optional<Announcement> announce = {};
  std::vector<Filter> filters = {};  // in the order in which a request meets them
  MiddleboxPolicy policy = {};

  const Next* find_next(std::string_view name, std::uint16_t port) const;
};

// --- gateway
// ----------------------------------------------------------------------------------------------------------

/// What a gateway allows one middlebox. A middlebox without an Approval may not take part.
struct Approval {
  std::string name = {};
  Grants grants = {};     // the most that it gets
  Grants minimum = {};    // an association in which it gets less is refused
  bool required = false;  // an association without it is refused
  bool refuse = false;    // an association with it is refused
  std::string place = {};
};

struct GatewayPolicy {
  bool require_client_certificate = false;
  std::vector<std::string> clients = {};              // names of clients; empty: any whose certificate is good
  std::optional<std::vector<Profile>> profiles = {};  // else those that have an origin
  bool answer_after_finished =
      false;  // the Accept only after the client's Finished, so that no stranger reads the policy
  milliseconds lifetime = limits::association_lifetime;
  std::vector<std::string> audit = {};  // contexts that are audited if the client offers it, or only audit_all
  bool require_audit = false;           // a Hello that offers less of them is refused
  bool tell_parties = true;             // the authenticated parties to HTTP origins, in header fields
  bool require_bound_target = true;     // refuse HTTP requests of agents that leave Route::bind_target out
};

/// Where a gateway hands the traffic to.
struct Origin {
  enum class ProxyProtocol : std::uint8_t { v1, v2 };
  Profile profile = Profile::http_1;
  std::vector<Authority> hosts = {};
  bool is_default = false;
  Endpoint connect = {};
  std::optional<ProxyProtocol> proxy_protocol = {};  // how each connection with it begins
  std::string place = {};
  bool tls = false;                           // ordinary TLS, not a Louver channel
  std::optional<std::string> tls_trust = {};  // its authorities, else the system's
  std::optional<std::string> tls_name = {};   // that its certificate must carry; else expected_tls_name()
  std::optional<std::string> tls_chain = {};  // a certificate for it to see, and its key: both or neither
  std::optional<std::string> tls_key = {};

  /// `tls_name`, else its only host, else the address that is connected to.
  std::string expected_tls_name() const;
};

struct Gateway {
  Common common = {};
  std::string name = {};
  Endpoint listen{"127.0.0.1", 4433};
  std::vector<Approval> middleboxes = {};
  GatewayPolicy policy = {};
  std::vector<Origin> origins = {};
  std::vector<FieldContext> contexts = {};  // that an offer may have beside those of http/1
  bool trailers = false;                    // likewise: those for trailers
  Audit audit = {};

  /// The origin of an HTTP authority: the one that lists it, else the default one, else null.
  const Origin* http_origin(std::string_view host, std::uint16_t port) const;
  /// The origin of stream/1, or null.
  const Origin* stream_origin() const;
  /// Sessions of this profile are served: there is an origin for it, and the policy does not leave it out.
  bool serves(Profile profile) const;
};

// --- reading
// ----------------------------------------------------------------------------------------------------------

inline constexpr std::size_t file_bytes_most = 1024 * 1024;

/// Reads and checks a file for one role: Agent, Middlebox or Gateway. Nothing of a file with an error is ever used.
/// @fault configuration: one line "file:line:column: what is wrong and what to write"
template <class T>
Result<T> load(const std::string& path);

/// The same from text; `path` is used in messages and as the place that relative paths start from.
template <class T>
Result<T> parse(std::string_view text, const std::string& path);

using AnyRole = std::variant<Agent, Middlebox, Gateway>;
/// The same for whatever role the file says (`role = "agent"`, which is required then).
Result<AnyRole> load_any(const std::string& path);

}  // namespace louver::config
