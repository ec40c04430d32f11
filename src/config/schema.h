#pragma once

#include "config/key.h"
#include "config/reader.h"
#include "config/types.h"

/// The schema: every key of every table, once. The reader, the messages and the table of keys in the documents come
/// from here.
namespace louver::config {

using namespace std::chrono_literals;

inline constexpr Named<Role> role_names[] = {
    {"agent", Role::agent}, {"middlebox", Role::middlebox}, {"gateway", Role::gateway}};
inline constexpr Named<Profile> profile_names[] = {{"http/1", Profile::http_1}, {"stream/1", Profile::stream_1}};
inline constexpr Named<Log::Level> level_names[] = {
    {"debug", Log::Level::debug}, {"info", Log::Level::info}, {"warn", Log::Level::warn}, {"error", Log::Level::error}};
inline constexpr Named<Log::Format> format_names[] = {{"text", Log::Format::text}, {"json", Log::Format::json}};
inline constexpr Named<HttpListener::Mode> mode_names[] = {{"proxy", HttpListener::Mode::proxy},
                                                           {"reverse", HttpListener::Mode::reverse}};
inline constexpr Named<MiddleboxPolicy::OnMissingGrant> on_missing_grant_names[] = {
    {"end", MiddleboxPolicy::OnMissingGrant::end}, {"continue", MiddleboxPolicy::OnMissingGrant::go_on}};

inline constexpr Named<Origin::ProxyProtocol> proxy_protocol_names[] = {{"v1", Origin::ProxyProtocol::v1},
                                                                        {"v2", Origin::ProxyProtocol::v2}};
/// Nothing but whether group and others may connect: for that a socket's file must be writable.
inline constexpr Named<std::uint16_t> socket_mode_names[] = {{"0600", 0600}, {"0660", 0660}, {"0666", 0666}};

inline constexpr Choice<Profile> profile{profile_names};
inline constexpr Integer<std::uint16_t> port{1, 65535};
inline constexpr Octets<std::uint32_t> record_size{limits::max_record_least, limits::max_record_most};

/// What stands at the top of every file beside the keys of its role.
struct Head {
  std::optional<Role> role;
};

/// `type` of a [[filter]]: says which other keys it has.
struct FilterHead {
  enum class Type : std::uint8_t { log, edit, scan, exec, secret, compress, mirror, icap, validate };
  Type type = Type::log;
};
inline constexpr Named<FilterHead::Type> filter_names[] = {
    {"log", FilterHead::Type::log},          {"edit", FilterHead::Type::edit},
    {"scan", FilterHead::Type::scan},        {"exec", FilterHead::Type::exec},
    {"secret", FilterHead::Type::secret},    {"compress", FilterHead::Type::compress},
    {"mirror", FilterHead::Type::mirror},    {"icap", FilterHead::Type::icap},
    {"validate", FilterHead::Type::validate}};
inline constexpr Named<ExecFilter::Access> access_names[] = {{"read", ExecFilter::Access::read},
                                                             {"inspect", ExecFilter::Access::inspect},
                                                             {"redact", ExecFilter::Access::redact},
                                                             {"write", ExecFilter::Access::write}};
inline constexpr Named<ExecFilter::Unit> unit_names[] = {{"message", ExecFilter::Unit::message},
                                                         {"piece", ExecFilter::Unit::piece}};
inline constexpr Named<ExecFilter::OnFailure> on_failure_names[] = {{"block", ExecFilter::OnFailure::block},
                                                                    {"pass", ExecFilter::OnFailure::pass}};
inline constexpr Named<ScanFilter::OnMatch> on_match_names[] = {{"log", ScanFilter::OnMatch::log},
                                                                {"block", ScanFilter::OnMatch::block},
                                                                {"redact", ScanFilter::OnMatch::redact},
                                                                {"replace", ScanFilter::OnMatch::replace}};
inline constexpr Named<CompressFilter::Coding> coding_names[] = {{"br", CompressFilter::Coding::br},
                                                                 {"gzip", CompressFilter::Coding::gzip}};

inline constexpr Named<SecretFilter::Field> secret_field_names[] = {
    {"authorization", SecretFilter::Field::authorization}, {"cookie", SecretFilter::Field::cookie}};
inline constexpr Named<SecretFilter::WithoutPlaceholder> without_placeholder_names[] = {
    {"pass", SecretFilter::WithoutPlaceholder::pass}, {"block", SecretFilter::WithoutPlaceholder::block}};
inline constexpr Named<SecretFilter::OnEcho> on_echo_names[] = {{"block", SecretFilter::OnEcho::block},
                                                                {"redact", SecretFilter::OnEcho::redact}};
inline constexpr Named<IcapFilter::Access> icap_access_names[] = {{"inspect", IcapFilter::Access::inspect},
                                                                  {"write", IcapFilter::Access::write}};
inline constexpr Named<IcapFilter::OnFailure> icap_on_failure_names[] = {{"block", IcapFilter::OnFailure::block},
                                                                         {"pass", IcapFilter::OnFailure::pass}};

inline constexpr Named<ValidateFilter::Algorithm> jwt_algorithm_names[] = {{"RS256", ValidateFilter::Algorithm::rs256},
                                                                           {"PS256", ValidateFilter::Algorithm::ps256},
                                                                           {"ES256", ValidateFilter::Algorithm::es256},
                                                                           {"EdDSA", ValidateFilter::Algorithm::eddsa},
                                                                           {"HS256", ValidateFilter::Algorithm::hs256}};

inline constexpr Named<Audit::OnFull> on_full_names[] = {{"stop", Audit::OnFull::stop},
                                                         {"count", Audit::OnFull::count}};

/// The type of `[[filter]]`.
struct FilterTable {
  using Out = std::vector<Filter>;
  static constexpr std::size_t most = 64;
  Result<Out> read(const Value& value, const Where& where) const;
  std::string word() const { return "tables, at most " + std::to_string(most); }
  std::string show(const Out&) const { return ""; }
};

constexpr auto keys_of(Tag<Head>) {
  return std::tuple{key("role", &Head::role, Choice<Role>{role_names},
                        "whom the file is for; a program of another role then refuses it")
                        .otherwise("the role that reads it")};
}

// --- every role
// -------------------------------------------------------------------------------------------------------

constexpr auto keys_of(Tag<CertificateFiles>) {
  return std::tuple{
      key("chain", &CertificateFiles::chain, File{}, "own certificate and those between it and the anchor, in PEM")
          .needed(),
      key("key", &CertificateFiles::key, File{}, "its private key in PEM; only the owner may be able to read it")
          .needed()};
}

constexpr auto keys_of(Tag<TrustFile>) {
  return std::tuple{
      key("anchors", &TrustFile::anchors, File{},
          "certificates of authorities that others' certificates lead to, in PEM")
          .needed(),
      key("client_uri", &TrustFile::client_uri, uri_pattern, "URI that makes a certificate a client's")
          .otherwise("the extended key usage of clients"),
      key("middlebox_uri", &TrustFile::middlebox_uri, uri_pattern, "URI that makes a certificate a middlebox's")
          .otherwise("the extended key usage of middleboxes"),
      key("server_uri", &TrustFile::server_uri, uri_pattern, "URI that makes a certificate a server's")
          .otherwise("the extended key usage of servers")};
}

constexpr auto keys_of(Tag<Log>) {
  return std::tuple{
      key("level", &Log::level, Choice<Log::Level>{level_names}, "the least weighty lines that are written"),
      key("format", &Log::format, Choice<Log::Format>{format_names}, "for a terminal, or JSON lines for a collector"),
      key("file", &Log::file, File{}, "where the lines go").otherwise("standard error")};
}

constexpr auto keys_of(Tag<Limits>) {
  constexpr Integer<std::uint32_t> count{1, 1'000'000};
  return std::tuple{
      key("associations", &Limits::associations, count, "associations at a time"),
      key("associations_per_source", &Limits::associations_per_source, count,
          "associations at a time from one address"),
      key("sessions", &Limits::sessions, count, "sessions at a time"),
      key("sessions_per_association", &Limits::sessions_per_association, count,
          "sessions at a time in one association"),
      key("handshakes", &Limits::handshakes, count, "associations at a time that are not yet agreed on"),
      key("handshakes_per_source", &Limits::handshakes_per_source, count, "the same from one address"),
      key("max_record", &Limits::max_record, record_size,
          "the largest record: offered by an agent, the most that a gateway accepts, above which a middlebox refuses"),
      key("connect_deadline", &Limits::connect_deadline, Duration{10ms, 1min},
          "for a connection to the next party or origin"),
      key("handshake_deadline", &Limits::handshake_deadline, Duration{100ms, 2min}, "for agreeing on an association"),
      key("idle_deadline", &Limits::idle_deadline, Duration{100ms, 24h}, "for a session in which nothing moves"),
      key("drain_deadline", &Limits::drain_deadline, Duration{0ms, 1h}, "for running sessions after SIGTERM"),
      key("buffer", &Limits::buffer, Octets<std::size_t>{128 * 1024, 64 * 1024 * 1024},
          "memory for each session and direction")};
}

constexpr auto keys_of(Tag<Control>) {
  return std::tuple{
      key("socket", &Control::socket, File{},
          "Unix socket on which `louver control` reaches the process; made with mode 0600, for its own user only")
          .otherwise("no commands are taken")};
}

constexpr auto keys_of(Tag<Debug>) {
  return std::tuple{key("keylog", &Debug::keylog, File{},
                        "writes the secrets of every association there, if the environment variable LOUVER_KEYLOGFILE "
                        "has the same value; whoever reads that file reads the traffic")
                        .otherwise("no secrets are written")};
}

constexpr auto keys_of(Tag<Common>) {
  return std::tuple{key("threads", &Common::threads, Integer<unsigned>{1, 64}, "threads that serve sessions"),
                    key("certificate", &Common::certificate, TableOf<CertificateFiles>{},
                        "who we are; required but for agents, which may be anonymous"),
                    key("trust", &Common::trust, TablesOf<TrustFile>{64}, "whose certificates count").needed(),
                    key("log", &Common::log, TableOf<Log>{}, "the log"),
                    key("limits", &Common::limits, TableOf<Limits>{}, "bounds"),
                    key("control", &Common::control, TableOf<Control>{}, "commands while it runs"),
                    key("debug", &Common::debug, TableOf<Debug>{}, "for those who look for a fault")};
}

constexpr auto keys_of(Tag<Audit>) {
  return std::tuple{
      key("log", &Audit::log, File{},
          "what audits find, as hash-chained JSON lines; required where anything is audited"),
      key("on_full", &Audit::on_full, Choice<Audit::OnFull>{on_full_names},
          "when it cannot be written: end what is audited, or go on and count what is missing"),
      key("sync", &Audit::sync, Boolean{}, "wait for the disk at each receipt and end of a session"),
      key("secrets", &Audit::secrets, File{}, "audit secrets of each session, for `louver audit disclose`")
          .otherwise("they are not kept")};
}

inline constexpr Named<FieldContext::Type> field_type_names[] = {{"string", FieldContext::Type::string},
                                                                 {"number", FieldContext::Type::number},
                                                                 {"boolean", FieldContext::Type::boolean},
                                                                 {"any", FieldContext::Type::any}};
inline constexpr Named<FieldContext::Way> field_way_names[] = {{"request", FieldContext::Way::request},
                                                               {"response", FieldContext::Way::response},
                                                               {"both", FieldContext::Way::both}};

constexpr auto keys_of(Tag<FieldContext>) {
  return std::tuple{
      key("name", &FieldContext::name, context_name, "what grants and filters call it; the same at both ends").needed(),
      key("from", &FieldContext::from, field_source,
          "where the value stands: `header:x-card`, `form:card`, `json:/payment/card`; the same at both ends")
          .needed(),
      key("type", &FieldContext::type, Choice<FieldContext::Type>{field_type_names},
          "what a JSON value must be; messages with another are refused"),
      key("direction", &FieldContext::way, Choice<FieldContext::Way>{field_way_names},
          "out of which messages it is lifted; forms: requests only")};
}

// --- agent
// ------------------------------------------------------------------------------------------------------------

constexpr auto keys_of(Tag<RouteMiddlebox>) {
  return std::tuple{
      key("name", &RouteMiddlebox::name, party_name, "name in the middlebox's certificate").needed(),
      key("port", &RouteMiddlebox::port, port, "its port, by which the party before it knows it").needed(),
      key("grants", &RouteMiddlebox::grants, GrantTable{}, "the most that it is offered"),
      key("minimum", &RouteMiddlebox::minimum, GrantTable{},
          "what it must be left with; an answer of the server with less is refused")};
}

constexpr auto keys_of(Tag<Route>) {
  return std::tuple{
      key("name", &Route::name, label, "what listeners and logs call it").needed(),
      key("profile", &Route::profile, profile, "how the data is cut into contexts"),
      key("server", &Route::server, party_name, "name in the server's certificate").needed(),
      key("port", &Route::port, port, "the server's port, by which the party before it knows it").needed(),
      key("connect", &Route::connect, Address{}, "address of the first party: the first middlebox, or the server")
          .needed(),
      key("middlebox", &Route::middleboxes, TablesOf<RouteMiddlebox>{limits::middleboxes_by_default},
          "the middleboxes in the order of the path"),
      key("discover", &Route::discover, TablesOf<RouteMiddlebox>{limits::middleboxes_by_default},
          "middleboxes that may announce themselves and are then taken into the route; `grants` is the most they get"),
      key("hosts", &Route::hosts, ListOf<HttpHost>{}, "HTTP hosts that a proxy listener sends this way"),
      key("default", &Route::is_default, Boolean{}, "a proxy listener sends all other hosts this way"),
      key("require_hybrid", &Route::require_hybrid, Boolean{}, "refuse key exchanges without a post-quantum part"),
      key("suites", &Route::suites, ListOf<Suite>{{}, 1},
          "what is offered, the best first; every middlebox must have all"),
      key("max_record", &Route::max_record, record_size, "the largest record that is offered")
          .otherwise("`limits.max_record`"),
      key("audit", &Route::audit, AuditContexts{}, "what is to be audited: \"all\", or names of contexts"),
      key("require_audit", &Route::require_audit, Boolean{}, "refuse an answer of the server that audits less"),
      key("renew", &Route::renew, Duration{1s, 1h}, "age at which an association is replaced by a new one"),
      key("context", &Route::contexts, TablesOf<FieldContext>{field_contexts_most},
          "values of HTTP messages that get contexts of their own: who has no grant there sees a marker"),
      key("bind_target", &Route::bind_target, Boolean{},
          "send with each request's credentials for which method, host and target they are: a middlebox that may write "
          "the head alone can't aim them elsewhere"),
      key("trailers", &Route::trailers, Boolean{},
          "carry trailers of chunked HTTP messages, in the contexts `request-trailers` and `response-trailers`; the "
          "gateway must have it too. Else they are dropped")};
}

inline constexpr std::string_view users_words =
    "users of this machine that may use it; for loopback addresses and Unix sockets";
inline constexpr std::string_view socket_mode_words = "who may open the Unix socket in `listen`";
inline constexpr std::string_view socket_mode_by_default = "\"0600\"";
inline constexpr std::string_view proxies_words =
    "whose connections must begin with a header of the PROXY protocol (v1 or v2); nobody else may connect. Users where "
    "`listen` is a loopback address or a Unix socket, addresses elsewhere";
inline constexpr std::string_view users_by_default =
    "the agent's own user and root; everybody, where `listen` is not on loopback";

constexpr auto keys_of(Tag<HttpListener>) {
  return std::tuple{
      key("listen", &HttpListener::listen, Address{true, true}, "where applications connect to").needed(),
      key("socket_mode", &HttpListener::socket_mode, Choice<std::uint16_t>{socket_mode_names}, socket_mode_words)
          .otherwise(socket_mode_by_default),
      key("mode", &HttpListener::mode, Choice<HttpListener::Mode>{mode_names},
          "a forward proxy that finds the route by the host, or a stand-in for the server of one route"),
      key("route", &HttpListener::route, label, "the route of a reverse listener; required there"),
      key("hosts", &HttpListener::hosts, ListOf<HttpHost>{}, "hosts that a reverse listener answers to; others get 421")
          .otherwise("the address in `listen`, and localhost; on a Unix socket localhost"),
      key("resend", &HttpListener::resend, Boolean{},
          "send an idempotent request without a body again when the path broke before anything of its answer came"),
      key("users", &HttpListener::users, Users{}, users_words).otherwise(users_by_default),
      key("proxy_protocol_from", &HttpListener::proxy_protocol_from, Proxies{}, proxies_words)
          .otherwise("no PROXY header is expected"),
      key("tls", &HttpListener::tls, Boolean{},
          "a reverse listener to which applications speak https, for the names in `hosts`; needs `[local_ca]`")};
}

constexpr auto keys_of(Tag<TcpListener>) {
  return std::tuple{
      key("listen", &TcpListener::listen, Address{true, true}, "where applications connect to").needed(),
      key("socket_mode", &TcpListener::socket_mode, Choice<std::uint16_t>{socket_mode_names}, socket_mode_words)
          .otherwise(socket_mode_by_default),
      key("route", &TcpListener::route, label, "the route, of profile stream/1").needed(),
      key("users", &TcpListener::users, Users{}, users_words).otherwise(users_by_default),
      key("proxy_protocol_from", &TcpListener::proxy_protocol_from, Proxies{}, proxies_words)
          .otherwise("no PROXY header is expected")};
}

constexpr auto keys_of(Tag<LocalCa>) {
  return std::tuple{
      key("certificate", &LocalCa::certificate, File{},
          "its certificate in PEM, which applications are to trust; made at the first start, with the key")
          .needed(),
      key("key", &LocalCa::key, File{}, "its private key in PEM, for the agent's own user only").needed()};
}

constexpr auto keys_of(Tag<Agent>) {
  return std::tuple{
      key("route", &Agent::routes, TablesOf<Route>{}, "servers and the ways to them").needed(),
      key("http", &Agent::http, TablesOf<HttpListener>{}, "where local applications speak plain HTTP to us"),
      key("tcp", &Agent::tcp, TablesOf<TcpListener>{}, "where local applications open TCP connections to us"),
      key("audit", &Agent::audit, TableOf<Audit>{}, "what is kept of audits"),
      key("local_ca", &Agent::local_ca, TableOf<LocalCa>{},
          "the authority of https listeners, made on this machine for it alone")};
}

// --- middlebox and gateway
// --------------------------------------------------------------------------------------------

constexpr auto keys_of(Tag<Description>) {
  return std::tuple{
      key("operator", &Description::operator_name, Text{255}, "who runs the middlebox, as both ends are told").needed(),
      key("purpose", &Description::purpose, Text{1023}, "what for, as both ends are told").needed(),
      key("software", &Description::software, Text{255}, "what it runs").otherwise("`louver/` and the version"),
      key("contact", &Description::contact, Text{255}, "whom to ask about it").otherwise("nobody")};
}

constexpr auto keys_of(Tag<Next>) {
  return std::tuple{key("name", &Next::name, party_name, "name in the next party's certificate").needed(),
                    key("port", &Next::port, port, "its port, as agents' routes give it").needed(),
                    key("connect", &Next::connect, Address{}, "its address; either this or `resolve`"),
                    key("resolve", &Next::resolve, Boolean{}, "look its name up instead"),
                    key("allow_private", &Next::allow_private, Boolean{},
                        "let the name lead to loopback, link-local and private addresses")};
}

constexpr auto keys_of(Tag<FilterHead>) {
  return std::tuple{key("type", &FilterHead::type, Choice<FilterHead::Type>{filter_names},
                        "which filter; the keys below depend on it")
                        .needed()};
}

constexpr auto keys_of(Tag<Filter>) {
  return std::tuple{key("contexts", &Filter::contexts, ListOf<TextForm>{context_name}, "what it looks at")
                        .otherwise("all that the middlebox has a sufficient grant for")};
}

constexpr auto keys_of(Tag<LogFilter>) {
  return std::tuple{
      key("payload", &LogFilter::payload, Boolean{}, "`log`: the content too, not only sizes; beware of secrets"),
      key("sample", &LogFilter::sample, Share{}, "`log`: the share of exchanges that is logged")};
}

constexpr auto keys_of(Tag<PathRewrite>) {
  return std::tuple{key("from", &PathRewrite::from, path_prefix, "beginning of a path, whole segments").needed(),
                    key("to", &PathRewrite::to, path_prefix, "what stands there instead").needed()};
}

constexpr auto keys_of(Tag<EditFilter>) {
  return std::tuple{
      key("set", &EditFilter::set, HeaderTable{}, "`edit`: fields that replace all of the same name"),
      key("add", &EditFilter::add, HeaderTable{}, "`edit`: fields that are added"),
      key("remove", &EditFilter::remove, ListOf<TextForm>{header_name}, "`edit`: names of fields that are taken out"),
      key("rewrite_path", &EditFilter::rewrite_path, TablesOf<PathRewrite>{},
          "`edit`: the first that fits a request's path")};
}

constexpr auto keys_of(Tag<ScanRule>) {
  return std::tuple{
      key("name", &ScanRule::name, label, "what logs and blocked users are told").needed(),
      key("pattern", &ScanRule::pattern, pattern, "a regular expression; `(?i)` in front ignores case").needed()};
}

constexpr auto keys_of(Tag<ScanFilter>) {
  return std::tuple{
      key("rules", &ScanFilter::rules, TablesOf<ScanRule>{}, "`scan`: what is searched for, all at once"),
      key("rules_file", &ScanFilter::rules_file, File{},
          "`scan`: more rules, in each line a name, blanks, and a pattern up to the end of the line; # begins "
          "a comment line")
          .otherwise("no more rules"),
      key("on_match", &ScanFilter::on_match, Choice<ScanFilter::OnMatch>{on_match_names},
          "`scan`: log it (needs read), block the message (inspect), redact its record (redact), or replace "
          "exactly the octets that match (write)"),
      key("fill", &ScanFilter::fill, fill_character, "`scan`: what `replace` puts in the place of each octet"),
      key("pass_coded", &ScanFilter::pass_coded, Boolean{},
          "`scan`: let bodies pass that cannot be searched, instead of stopping them: in an unknown content coding, "
          "in one that does not decode within the bounds, and WebSockets"),
      key("pass_ranges", &ScanFilter::pass_ranges, Boolean{},
          "`scan`: let parts of things (206) pass, in which a pattern may be cut, instead of stopping them"),
      key("decoded_most", &ScanFilter::decoded_most, Octets<std::uint64_t>{64 * 1024, std::uint64_t{1} << 40},
          "`scan`: octets to which the content codings of one body may decode"),
      key("ratio_most", &ScanFilter::ratio_most, Integer<std::uint32_t>{1, 1'000'000},
          "`scan`: how many times its size a body may decode to, above 1 MiB")};
}

constexpr auto keys_of(Tag<CompressFilter>) {
  return std::tuple{key("codings", &CompressFilter::codings, ListOf<Choice<CompressFilter::Coding>>{{coding_names}, 1},
                        "`compress`: content codings, the best liked first; the client must accept it"),
                    key("least", &CompressFilter::least, Octets<std::uint32_t>{0, 1024 * 1024},
                        "`compress`: bodies that are announced to be shorter stay as they are"),
                    key("allow_beside_secrets", &CompressFilter::allow_beside_secrets, Boolean{},
                        "`compress`: answers to requests with credentials too, although the size of what is compressed "
                        "can then betray "
                        "secrets in it")};
}

constexpr auto keys_of(Tag<ExecFilter>) {
  return std::tuple{
      key("command", &ExecFilter::command, Command{},
          "`exec`: the program of a worker and what it is started with; no shell")
          .needed(),
      key("environment", &ExecFilter::environment, Environment{}, "`exec`: all that a worker finds in its environment"),
      key("access", &ExecFilter::access, Choice<ExecFilter::Access>{access_names},
          "`exec`: the grant that it needs: to watch, to block, to redact records, to change messages"),
      key("unit", &ExecFilter::unit, Choice<ExecFilter::Unit>{unit_names},
          "`exec`: whether a worker is asked about whole messages, or about pieces as they come"),
      key("on_failure", &ExecFilter::on_failure, Choice<ExecFilter::OnFailure>{on_failure_names},
          "`exec`: what becomes of a message for which there is no answer: the session ends, or it passes unchecked"),
      key("workers", &ExecFilter::workers, Integer<std::uint16_t>{1, 64},
          "`exec`: processes, for all sessions together"),
      key("answer_within", &ExecFilter::answer_within, Duration{10ms, 2min},
          "`exec`: from question to answer, waiting for a free worker included"),
      key("message_most", &ExecFilter::message_most,
          Octets<std::uint32_t>{1024, static_cast<std::uint32_t>(limits::held_bytes)},
          "`exec`: of a message that is asked about as a whole; a longer one is a failure")};
}

constexpr auto keys_of(Tag<SecretFilter>) {
  return std::tuple{
      key("hosts", &SecretFilter::hosts, ListOf<HttpHost>{HttpHost{}, 1},
          "`secret`: hosts that get the credential; a port only where the requests name one")
          .needed(),
      key("paths", &SecretFilter::paths, ListOf<TextForm>{path_prefix, 1},
          "`secret`: beginnings of the paths that get it, whole segments")
          .needed(),
      key("file", &SecretFilter::file, File{},
          "`secret`: holds the credential, one line; only the owner may be able to read it"),
      key("command", &SecretFilter::command, Command{},
          "`secret`: instead of a file, a program that prints it and ends; no shell"),
      key("environment", &SecretFilter::environment, Environment{},
          "`secret`: all that the command finds in its environment"),
      key("answer_within", &SecretFilter::answer_within, Duration{100ms, 2min}, "`secret`: for a run of the command"),
      key("valid_for", &SecretFilter::valid_for, Duration{1s, 24h},
          "`secret`: how long what the command printed counts; another is asked for when three quarters have passed")
          .otherwise("until a reload"),
      key("field", &SecretFilter::field, Choice<SecretFilter::Field>{secret_field_names},
          "`secret`: where it goes; a cookie needs a placeholder"),
      key("scheme", &SecretFilter::scheme, label,
          "`secret`: what stands before it in the field, without a placeholder"),
      key("placeholder", &SecretFilter::placeholder, placeholder,
          "`secret`: what clients send in its place, the only thing that is replaced")
          .otherwise("the field is set, whatever it held"),
      key("without_placeholder", &SecretFilter::without_placeholder,
          Choice<SecretFilter::WithoutPlaceholder>{without_placeholder_names},
          "`secret`: what becomes of a request to a listed place that does not carry it"),
      key("watch_answers", &SecretFilter::watch_answers, Boolean{},
          "`secret`: look for the credential in answers of those hosts (needs inspect or write on all of a response)"),
      key("on_echo", &SecretFilter::on_echo, Choice<SecretFilter::OnEcho>{on_echo_names},
          "`secret`: end the session when it comes back, or put as many x in its place (needs write)")};
}

constexpr auto keys_of(Tag<MirrorFilter>) {
  return std::tuple{
      key("file", &MirrorFilter::file, File{},
          "`mirror`: a pcapng file with the plaintext; made with mode 0600, appended to. It or `listen`, "
          "or both"),
      key("listen", &MirrorFilter::listen, Address{true, true},
          "`mirror`: where tools connect to read the plaintext as it comes (PCAP-over-IP, usually port "
          "57012); a Unix socket has mode 0600"),
      key("users", &MirrorFilter::users, Users{},
          "`mirror`: users of this machine that may read at `listen`; for loopback addresses")
          .otherwise("its own user and root; everybody, where `listen` is not on loopback"),
      key("allow_plaintext", &MirrorFilter::allow_plaintext, Boolean{},
          "`mirror`: `listen` may be reached from other machines, though nothing is encrypted there"),
      key("rotate_at", &MirrorFilter::rotate_at, Octets<std::uint32_t>{64 * 1024, 1024 * 1024 * 1024},
          "`mirror`: size at which a new file is begun; the old one gets `.1` behind its name"),
      key("keep", &MirrorFilter::keep, Integer<std::uint16_t>{0, 1000},
          "`mirror`: older files that are kept beside it"),
      key("queue", &MirrorFilter::queue, Octets<std::uint32_t>{128 * 1024, 1024 * 1024 * 1024},
          "`mirror`: octets that may wait to be written, and for each reader; what comes above that is missing "
          "there")};
}

constexpr auto keys_of(Tag<IcapFilter>) {
  return std::tuple{
      key("url", &IcapFilter::url, IcapAddress{}, "`icap`: the server, by address, and the service that is asked")
          .needed(),
      key("reqmod", &IcapFilter::reqmod, label, "`icap`: the service for what comes from clients")
          .otherwise("that of `url`"),
      key("respmod", &IcapFilter::respmod, label, "`icap`: the service for what comes from servers")
          .otherwise("that of `url`"),
      key("access", &IcapFilter::access, Choice<IcapFilter::Access>{icap_access_names},
          "`icap`: the grant that it needs: to block, or also to put another body in a body's place"),
      key("heads", &IcapFilter::heads, Boolean{},
          "`icap`: tell the server with a body the heads of its exchange, where the middlebox may read them"),
      key("on_failure", &IcapFilter::on_failure, Choice<IcapFilter::OnFailure>{icap_on_failure_names},
          "`icap`: what becomes of a message for which there is no verdict: the session ends, or it passes unchecked"),
      key("allow_plaintext", &IcapFilter::allow_plaintext, Boolean{},
          "`icap`: the server may be on another machine, though ICAP is not encrypted"),
      key("connections", &IcapFilter::connections, Integer<std::uint16_t>{1, 1000},
          "`icap`: to the server, for all sessions together; fewer if it says so"),
      key("connect_within", &IcapFilter::connect_within, Duration{10ms, 2min}, "`icap`: to have a connection"),
      key("answer_within", &IcapFilter::answer_within, Duration{10ms, 10min},
          "`icap`: for each answer: to OPTIONS, to a preview, and the verdict once all is sent"),
      key("message_most", &IcapFilter::message_most, Octets<std::uint64_t>{1024, std::uint64_t{1} << 40},
          "`icap`: of a body; a longer one is a failure. With access \"write\" at most 1 MiB")
          .otherwise("64 MiB, with access \"write\" 1 MiB")};
}

constexpr auto keys_of(Tag<ValidateFilter>) {
  return std::tuple{
      key("schema", &ValidateFilter::schema, File{}, "`validate`: a JSON Schema that every body must satisfy"),
      key("message_most", &ValidateFilter::message_most, Octets<std::uint32_t>{1024, 16 * 1024 * 1024},
          "`validate`: of a body that is looked at; a longer one is stopped"),
      key("jwt_key", &ValidateFilter::jwt_key, File{},
          "`validate`: instead of a schema, the key that every request's bearer token must be signed with: a public "
          "key "
          "in PEM; for HS256 the secret itself, which only the owner may be able to read"),
      key("jwt_algorithm", &ValidateFilter::jwt_algorithm, Choice<ValidateFilter::Algorithm>{jwt_algorithm_names},
          "`validate`: how tokens are signed; no other way counts"),
      key("jwt_issuer", &ValidateFilter::jwt_issuer, Text{256}, "`validate`: what `iss` of a token must be"),
      key("jwt_audience", &ValidateFilter::jwt_audience, Text{256},
          "`validate`: what `aud` of a token must be or hold"),
      key("jwt_leeway", &ValidateFilter::jwt_leeway, Duration{0ms, 5min},
          "`validate`: by how much clocks may differ at `exp` and `nbf`")};
}

constexpr auto keys_of(Tag<Announcement>) {
  return std::tuple{
      key("port", &Announcement::port, port, "its port, by which the party before it would know it").needed(),
      key("wishes", &Announcement::wishes, GrantTable{}, "grants that it asks for")};
}

constexpr auto keys_of(Tag<MiddleboxPolicy>) {
  return std::tuple{
      key("servers", &MiddleboxPolicy::servers, ListOf<TextForm>{party_name}, "servers whose paths it takes part in")
          .otherwise("any that `next` leads to"),
      key("hold_failures", &MiddleboxPolicy::hold_failures, Boolean{},
          "say that the next party cannot be reached only at `connect_deadline`, so that the time tells nothing"),
      key("on_missing_grant", &MiddleboxPolicy::on_missing_grant,
          Choice<MiddleboxPolicy::OnMissingGrant>{on_missing_grant_names},
          "when a filter is not granted what it needs: refuse the association, or go on without that filter")};
}

constexpr auto keys_of(Tag<Middlebox>) {
  return std::tuple{
      key("name", &Middlebox::name, party_name, "own name, as in the certificate and in agents' routes").needed(),
      key("listen", &Middlebox::listen, Address{true}, "where the party before connects to"),
      key("describe", &Middlebox::describe, TableOf<Description>{}, "what both ends are told about the middlebox")
          .needed(),
      key("next", &Middlebox::next, TablesOf<Next>{}, "parties that may follow; nobody else is ever connected to")
          .needed(),
      key("announce", &Middlebox::announce, TableOf<Announcement>{},
          "answer a route that does not name it with an announcement, instead of `not_in_route`"),
      key("filter", &Middlebox::filters, FilterTable{}, "what it does, in the order in which a request meets it"),
      key("policy", &Middlebox::policy, TableOf<MiddleboxPolicy>{}, "what it takes part in")};
}

constexpr auto keys_of(Tag<Approval>) {
  return std::tuple{
      key("name", &Approval::name, party_name, "name in the middlebox's certificate").needed(),
      key("grants", &Approval::grants, GrantTable{}, "the most that it gets; what is offered above that is lowered"),
      key("minimum", &Approval::minimum, GrantTable{}, "an association in which it would get less is refused"),
      key("required", &Approval::required, Boolean{}, "an association without it is refused"),
      key("refuse", &Approval::refuse, Boolean{}, "an association with it is refused")};
}

constexpr auto keys_of(Tag<GatewayPolicy>) {
  return std::tuple{
      key("require_client_certificate", &GatewayPolicy::require_client_certificate, Boolean{},
          "refuse anonymous clients"),
      key("clients", &GatewayPolicy::clients, ListOf<TextForm>{party_name}, "names of the clients that are let in")
          .otherwise("any with a good certificate"),
      key("profiles", &GatewayPolicy::profiles, ListOf<Choice<Profile>>{profile, 1}, "profiles that are served")
          .otherwise("those that have an origin"),
      key("answer_after_finished", &GatewayPolicy::answer_after_finished, Boolean{},
          "answer an offer only when the client's handshake is complete, so that nobody else learns the policy"),
      key("lifetime", &GatewayPolicy::lifetime, Duration{1s, 24h}, "age at which an association is closed"),
      key("audit", &GatewayPolicy::audit, AuditContexts{},
          "what is audited if the client offers it: \"all\", or names of contexts"),
      key("require_audit", &GatewayPolicy::require_audit, Boolean{}, "refuse an offer that leaves any of it out"),
      key("tell_parties", &GatewayPolicy::tell_parties, Boolean{},
          "tell HTTP origins the authenticated parties in header fields"),
      key("require_bound_target", &GatewayPolicy::require_bound_target, Boolean{},
          "refuse requests of agents that do not bind credentials to their target (`bind_target`); a bound target is "
          "checked in any case")};
}

constexpr auto keys_of(Tag<Origin>) {
  return std::tuple{
      key("profile", &Origin::profile, profile, "what is spoken with it: HTTP or bare TCP"),
      key("hosts", &Origin::hosts, ListOf<HttpHost>{}, "HTTP hosts that it serves"),
      key("default", &Origin::is_default, Boolean{}, "it serves all other hosts"),
      key("connect", &Origin::connect, Address{false, true}, "its address").needed(),
      key("proxy_protocol", &Origin::proxy_protocol, Choice<Origin::ProxyProtocol>{proxy_protocol_names},
          "a header of the PROXY protocol in front of each connection with it")
          .otherwise("none"),
      key("tls", &Origin::tls, Boolean{}, "speak TLS 1.2 or 1.3 with it, as with any web server"),
      key("tls_trust", &Origin::tls_trust, File{},
          "authorities that its certificate may lead to, in PEM; never those of `trust`")
          .otherwise("the system's"),
      key("tls_name", &Origin::tls_name, web_name, "name or address that its certificate must carry")
          .otherwise("its only host in `hosts`, else the address in `connect`"),
      key("tls_chain", &Origin::tls_chain, File{},
          "certificate that is shown to it if it asks for one, in PEM; not a Louver one"),
      key("tls_key", &Origin::tls_key, File{}, "its private key in PEM; only the owner may be able to read it")};
}

constexpr auto keys_of(Tag<Gateway>) {
  return std::tuple{
      key("name", &Gateway::name, party_name, "own name, as in the certificate and in agents' routes").needed(),
      key("listen", &Gateway::listen, Address{true}, "where the party before connects to"),
      key("middlebox", &Gateway::middleboxes, TablesOf<Approval>{}, "middleboxes that may take part; nobody else may"),
      key("policy", &Gateway::policy, TableOf<GatewayPolicy>{}, "who is let in and how"),
      key("origin", &Gateway::origins, TablesOf<Origin>{}, "where the traffic goes").needed(),
      key("context", &Gateway::contexts, TablesOf<FieldContext>{field_contexts_most},
          "contexts for values of HTTP messages that an offer may have"),
      key("trailers", &Gateway::trailers, Boolean{},
          "take offers with the contexts `request-trailers` and `response-trailers`; else they are refused"),
      key("audit", &Gateway::audit, TableOf<Audit>{}, "what is kept of audits")};
}

}  // namespace louver::config
