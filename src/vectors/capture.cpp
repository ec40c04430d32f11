#include "vectors/capture.h"

#include "base/limits.h"
#include "wire/frame.h"

namespace louver::vectors {
namespace {

constexpr std::size_t hops_most = limits::middleboxes_by_default + 1;
constexpr std::size_t frames_most = 1024;

/// Names of the customary key log, and where each secret goes.
struct Label {
  const char* name;
  Buffer TlsSecrets::*secret;
};
constexpr Label labels[] = {{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", &TlsSecrets::client_handshake},
                            {"SERVER_HANDSHAKE_TRAFFIC_SECRET", &TlsSecrets::server_handshake},
                            {"CLIENT_TRAFFIC_SECRET_0", &TlsSecrets::client_traffic},
                            {"SERVER_TRAFFIC_SECRET_0", &TlsSecrets::server_traffic}};
constexpr Label exporter_label = {"EXPORTER_SECRET", &TlsSecrets::exporter};

Result<> read_label(const Place& from, const Label& label, TlsSecrets& to) {
  LOUVER_ASSIGN(const Place secret, from.at(label.name));
  LOUVER_ASSIGN(to.*label.secret, secret.octets(32, crypto::hash_octets_most));
  return {};
}

Result<TlsSecrets> read_secrets(const Place& from, bool exports) {
  TlsSecrets out;
  if (exports) {
    LOUVER_TRY(from.only({labels[0].name, labels[1].name, labels[2].name, labels[3].name, exporter_label.name}));
    LOUVER_TRY(read_label(from, exporter_label, out));
  } else {
    LOUVER_TRY(from.only({labels[0].name, labels[1].name, labels[2].name, labels[3].name}));
  }
  for (const Label& label : labels) LOUVER_TRY(read_label(from, label, out));
  return out;
}

/// Exactly the channels of that many middleboxes.
Result<std::map<std::string, TlsSecrets>> read_key_log(const Place& from, std::size_t middleboxes) {
  std::map<std::string, TlsSecrets> out;
  LOUVER_ASSIGN(const auto members, from.members());
  if (members.size() != 1 + 2 * middleboxes)
    return from.wrong(std::to_string(1 + 2 * middleboxes) + " channels are wanted");
  LOUVER_ASSIGN(const Place end_to_end, from.at("e"));
  LOUVER_ASSIGN(out["e"], read_secrets(end_to_end, true));
  for (std::size_t i = 1; i <= middleboxes; ++i) {
    for (const char* side : {"c", "s"}) {
      const std::string name = side + std::to_string(i);
      LOUVER_ASSIGN(const Place channel, from.at(name.c_str()));
      LOUVER_ASSIGN(out[name], read_secrets(channel, false));
    }
  }
  return out;
}

/// One whole frame.
Result<Buffer> read_frame(const Place& from) {
  LOUVER_ASSIGN(Buffer octets, from.octets(wire::header_octets, limits::channel_frame_bytes + wire::header_octets));
  const auto frame = wire::next_frame(octets, limits::channel_frame_bytes);
  if (!frame) return from.wrong(frame.error());
  if (!*frame || (*frame)->whole.size() != octets.size()) return from.wrong("not one whole frame");
  return octets;
}

Result<HopFrames> read_hop(const Place& from) {
  HopFrames out;
  LOUVER_TRY(from.only({name_of(Direction::c2s), name_of(Direction::s2c)}));
  for (const Direction direction : both_directions) {
    LOUVER_ASSIGN(const Place way, from.at(name_of(direction)));
    LOUVER_ASSIGN(const std::vector<Place> frames, way.items(frames_most));
    for (const Place& one : frames) {
      LOUVER_ASSIGN(Buffer frame, read_frame(one));
      out.frames[slot(direction)].push_back(std::move(frame));
    }
  }
  return out;
}

Result<std::vector<HopFrames>> read_hops(const Place& from) {
  std::vector<HopFrames> out;
  LOUVER_ASSIGN(const std::vector<Place> hops, from.items(hops_most));
  if (hops.empty()) return from.wrong("at least one hop is wanted");
  for (const Place& one : hops) {
    LOUVER_ASSIGN(HopFrames hop, read_hop(one));
    out.push_back(std::move(hop));
  }
  return out;
}

Json hops_to_json(const std::vector<HopFrames>& hops) {
  Json out = Json::array();
  for (const HopFrames& hop : hops) {
    Json row = Json::object();
    for (const Direction direction : both_directions) {
      Json& way = row[name_of(direction)] = Json::array();
      for (const Buffer& frame : hop.frames[slot(direction)]) way.push_back(to_hex(frame));
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Result<Capture> read_capture(const Place& inputs) {
  LOUVER_TRY(inputs.only({"key_log", "client_seed", "server_seed", "association", "session"}));
  Capture out;
  LOUVER_ASSIGN(const Place association, inputs.at("association"));
  LOUVER_ASSIGN(out.association, read_hops(association));
  LOUVER_ASSIGN(const Place session, inputs.at("session"));
  LOUVER_ASSIGN(out.session, read_hops(session));
  if (out.session.size() != out.association.size()) return session.wrong("as many hops as the association are wanted");
  LOUVER_ASSIGN(const Place key_log, inputs.at("key_log"));
  LOUVER_ASSIGN(out.tls, read_key_log(key_log, out.middleboxes()));
  LOUVER_ASSIGN(out.client_seed, inputs.octets_if_there("client_seed", 32, crypto::hash_octets_most));
  LOUVER_ASSIGN(out.server_seed, inputs.octets_if_there("server_seed", 32, crypto::hash_octets_most));
  return out;
}

Json to_json(const Capture& capture) {
  Json out = Json::object();
  Json& key_log = out["key_log"] = Json::object();
  for (const auto& [name, secrets] : capture.tls) {
    Json& row = key_log[name] = Json::object();
    for (const Label& label : labels) row[label.name] = to_hex(secrets.*label.secret);
    if (!secrets.exporter.empty()) row[exporter_label.name] = to_hex(secrets.exporter);
  }
  if (capture.client_seed) out["client_seed"] = to_hex(*capture.client_seed);
  if (capture.server_seed) out["server_seed"] = to_hex(*capture.server_seed);
  out["association"] = hops_to_json(capture.association);
  out["session"] = hops_to_json(capture.session);
  return out;
}

}  // namespace louver::vectors
