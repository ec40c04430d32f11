#include "role/gateway.h"

#include "config/policy.h"
#include "profile/registry.h"
#include "role/contexts.h"
#include "role/tcp_end.h"
#include "wire/join.h"

namespace louver::role {
namespace {

std::optional<config::Profile> profile_of(std::string_view name) {
  for (config::Profile profile : {config::Profile::http_1, config::Profile::stream_1}) {
    if (config::name_of(profile) == name) return profile;
  }
  return std::nullopt;
}

/// The grants in the order of the Hello's contexts, as an Accept carries them.
wire::Opaque<0, 65535> grants_in_hello_order(const wire::Hello& hello, const config::GrantMatrix& matrix) {
  wire::Opaque<0, 65535> out;
  for (std::size_t m = 0; m < matrix.middleboxes.size(); ++m) {
    for (const wire::Context& context : hello.contexts.items) {
      const auto found = std::ranges::find(matrix.contexts, context.name.text(), &config::GrantMatrix::Context::name);
      const auto column = static_cast<std::size_t>(found - matrix.contexts.begin());
      const auto c2s = static_cast<unsigned>(matrix.at(m, column, Direction::c2s));
      const auto s2c = static_cast<unsigned>(matrix.at(m, column, Direction::s2c));
      out.bytes.push_back(static_cast<std::byte>(c2s | s2c << 4));
    }
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::make(config::Gateway config, observe::Log& log) {
  LOUVER_ASSIGN(Credentials credentials, Credentials::load(config.common));
  LOUVER_TRY(credentials.check_own(tls::Role::server, config.name, config.common.certificate->place));
  std::unique_ptr<Gateway> made{new Gateway{std::move(config), std::move(credentials), log}};
  LOUVER_TRY(made->set_up());
  return made;
}

Gateway::Gateway(config::Gateway config, Credentials credentials, observe::Log& log)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      process_(config_.common, log),
      station_(process_.station()),
      http_{config_, {}} {}

Result<> Gateway::set_up() {
  LOUVER_ASSIGN(channels_.end_to_end,
                credentials_.tls_server(tls::ChannelKind::end_to_end, config_.policy.require_client_certificate));
  LOUVER_ASSIGN(channels_.middlebox, credentials_.tls_server(tls::ChannelKind::server_side));
  return {};
}

Result<> Gateway::open() {
  LOUVER_ASSIGN(port_, process_.listen(config_.listen, "louver", [this](Household& household, runtime::Socket socket) {
    Doorway::open(household, std::move(socket), station_, *this);
  }));
  return {};
}

void Gateway::on_association(Household& household, SidedLinkPtr link) {
  auto seat = AssociationSeat::take(station_, link->link().remote_address().ip);
  if (!seat) return turn_away(station_, std::move(link), seat.error());
  session::ServerAssociation::Options options;
  options.name = config_.name;
  options.handshake_deadline = station_.limits.handshake_deadline;
  options.answer_after_finished = config_.policy.answer_after_finished;
  auto engine = std::make_unique<session::ServerAssociation>(options, channels_, *this, station_.random);
  auto self = std::make_shared<std::weak_ptr<AssociationLink>>();
  const std::string peer = link->link().remote_address().to_string();
  AssociationLink::Callbacks callbacks;
  callbacks.on_record = [this, self] {
    if (const auto association = self->lock()) {
      const auto added = station_.associations.add(association->record());
      if (!added) association->abort();
    }
  };
  callbacks.on_open = [this, self, held = *std::move(seat)]() mutable {
    held.handshake.reset();  // the source's place is held until the association has gone
    if (const auto association = self->lock()) on_open(association);
  };
  callbacks.on_over = [this, self, peer](const Error& error) {
    const auto association = self->lock();
    if (association != nullptr && association->record() != nullptr)
      station_.associations.remove(*association->record());
    if (error.fault == Fault::closed) return;
    station_.log.write(observe::Level::warn, observe::Event::association_fail,
                       {{"peer", peer},
                        {"alert", alert_text(error, association == nullptr ? std::nullopt : association->reported())},
                        {"fault", describe(error)}});
  };
  *self = AssociationLink::prepare(household, std::move(link), Side::client, station_, std::move(engine),
                                   std::move(callbacks));
  self->lock()->start({});
}

/// "A server closes by itself an association that is older than 15 minutes (policy)."
void Gateway::on_open(const std::shared_ptr<AssociationLink>& association) {
  const session::AssociationRecord& record = *association->record();
  station_.log.write(observe::Level::info, observe::Event::association_open,
                     {{"association", to_hex(record.id()).substr(0, 8)},
                      {"middleboxes", static_cast<std::int64_t>(record.terms().middleboxes())}});
  association->close_after(config_.policy.lifetime);
}

void Gateway::on_session(Household& household, SidedLinkPtr link) {
  if (station_.draining) return turn_away(station_, std::move(link), Error{Fault::revoked, "the process ends"});
  JoinEntry::open(household, std::move(link), station_,
                  [this](Household& home, SidedLinkPtr& joined, std::shared_ptr<session::AssociationRecord> record,
                         MutableBytes frame) { return admit(home, joined, std::move(record), frame); });
}

Result<> Gateway::admit(Household& household, SidedLinkPtr& link, std::shared_ptr<session::AssociationRecord> record,
                        MutableBytes frame) {
  LOUVER_ASSIGN(auto counted, session_seat(station_, *record));
  const session::ProfileTraits* profile = profile::find_profile(record->terms().profile());
  if (profile == nullptr) return Error{Fault::internal_error, "a profile that the policy let through is not there"};
  const wire::Join join = *wire::decode<wire::Join>(Bytes{frame}.subspan(wire::header_octets));
  std::unique_ptr<session::EndpointSession> engine;
  LOUVER_TRY(
      record->take_join(frame, runtime::now(), runtime::wall_now(), [&](const session::KeySource& keys) -> Result<> {
        LOUVER_ASSIGN(engine,
                      session::EndpointSession::make(keys, *profile, station_.limits.idle_deadline, runtime::now()));
        return {};
      }));
  auto session = SessionLink::take(household, std::move(link), station_, std::move(record), SessionNumber{join.session},
                                   std::move(engine));
  if (profile->name == config::name_of(config::Profile::http_1)) {
    OriginHttp::start(household, station_, http_, std::move(session), std::move(counted));
    return {};
  }
  const config::Origin* origin = config_.stream_origin();
  const auto where = runtime::Endpoint::make(origin->connect.address, origin->connect.port);
  if (!where) return where.error();
  TcpEnd::for_origin(household, station_, *where, std::move(session), std::move(counted));
  return {};
}

Result<wire::Accept> Gateway::answer(const wire::Hello& hello, const session::Terms& offered) {
  const auto profile = profile_of(offered.profile());
  const session::ProfileTraits* traits = profile::find_profile(offered.profile());
  if (!profile || traits == nullptr || !config_.serves(*profile)) {
    return Error{Fault::blocked_by_policy, "profile \"" + printable(offered.profile(), 32) + "\" is not served here"};
  }
  if (!has_contexts(offered, *traits))
    return Error{Fault::blocked_by_policy, "the Hello has other contexts than its profile"};
  LOUVER_ASSIGN(const config::GrantMatrix decided, config::decide(config_, config::matrix_of(offered)));
  wire::Accept accept;
  accept.suite = static_cast<std::uint16_t>(offered.suite().id);
  accept.grants = grants_in_hello_order(hello, decided);
  LOUVER_ASSIGN(wire::KnownExtensions known, wire::read_extensions(hello.extensions));
  known.audit.reset();
  if (known.max_record) known.max_record = std::min(*known.max_record, station_.limits.max_record);
  accept.extensions = wire::write_extensions(known);
  return accept;
}

Result<> Gateway::approve(const session::Terms&, const std::vector<session::PartyReport>& parties) {
  const session::PartyReport& client = parties.front();
  if (config_.policy.require_client_certificate && client.name.empty())
    return Error{Fault::blocked_by_policy, "an anonymous client"};
  const auto& allowed = config_.policy.clients;
  if (!allowed.empty() && std::ranges::find(allowed, client.name) == allowed.end()) {
    return Error{Fault::blocked_by_policy, "client \"" + client.name + "\" is not among those let in"};
  }
  return {};
}

}  // namespace louver::role
