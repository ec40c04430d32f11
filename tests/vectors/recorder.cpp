#include "recorder.h"

#include <gtest/gtest.h>

#include <map>

#include "tls/channel_context.h"

namespace louver::capture {
namespace {

/// What the TLS library logs, by the random of the ClientHello: label -> secret, all in hexadecimal.
std::map<std::string, std::map<std::string, std::string>> key_log;

void note_line(const SSL*, const char* line) {
  const std::string text{line};
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  key_log[text.substr(first + 1, second - first - 1)][text.substr(0, first)] = text.substr(second + 1);
}

void log_keys(const session::EndpointChannels& channels) {
  for (const auto& context : {channels.end_to_end, channels.middlebox})
    SSL_CTX_set_keylog_callback(context->impl().ssl.get(), note_line);
}

Buffer octets_of(const std::string& digits) {
  const vectors::Json json = digits;
  return vectors::Place{json, ""}.octets(0, 64).value();
}

std::string channel_name(const wire::FrameHeader& header) {
  if (header.id == 0) return "e";
  return (header.flags == 0 ? "c" : "s") + std::to_string(header.id);
}

std::vector<vectors::HopFrames> frames_of(sim::Chain& chain) {
  std::vector<vectors::HopFrames> out;
  for (std::size_t hop = 0; hop + 1 < chain.size(); ++hop)
    out.push_back({{chain.seen(hop, Direction::c2s), chain.seen(hop, Direction::s2c)}});
  return out;
}

}  // namespace

Recorder::Recorder(sim::PathSpec spec, const char* tls_suite) {
  spec.client_engine = [this, tls_suite](const session::ClientOffer& offer, session::EndpointChannels channels,
                                         session::EndpointPolicy& policy, RandomSource&) {
    log_keys(channels);
    if (tls_suite != nullptr) {
      for (const auto& context : {channels.end_to_end, channels.middlebox})
        EXPECT_EQ(SSL_CTX_set_ciphersuites(context->impl().ssl.get(), tls_suite), 1);
    }
    auto made = session::ClientAssociation::make(offer, std::move(channels), policy, client_random_,
                                                 limits::handshake_deadline);
    return std::unique_ptr<session::EndpointAssociation>{std::move(made).value()};
  };
  spec.server_engine = [this](session::ServerAssociation::Options options, session::EndpointChannels channels,
                              session::ServerPolicy& policy, RandomSource&) {
    log_keys(channels);
    return std::unique_ptr<session::EndpointAssociation>{
        std::make_unique<session::ServerAssociation>(std::move(options), std::move(channels), policy, server_random_)};
  };
  path_ = std::make_unique<sim::Path>(std::move(spec));
}

vectors::TlsSecrets Recorder::secrets_of(Bytes client_hello_record) const {
  // record header 5, message header 4, version 2, then the random
  const std::string random = to_hex(client_hello_record.subspan(11, 32));
  const auto& lines = key_log.at(random);
  return {octets_of(lines.at("CLIENT_HANDSHAKE_TRAFFIC_SECRET")),
          octets_of(lines.at("SERVER_HANDSHAKE_TRAFFIC_SECRET")), octets_of(lines.at("CLIENT_TRAFFIC_SECRET_0")),
          octets_of(lines.at("SERVER_TRAFFIC_SECRET_0")), octets_of(lines.at("EXPORTER_SECRET"))};
}

vectors::Capture Recorder::capture(sim::Path::Session& session) {
  vectors::Capture out;
  out.association = frames_of(path_->association());
  out.session = frames_of(session.chain);
  if (path_->spec.middleboxes > 0) {  // else no secret is made of them
    out.client_seed = client_random_.last();
    out.server_seed = server_random_.last();
  }
  for (const vectors::HopFrames& hop : out.association) {
    for (const Buffer& frame : hop.frames[slot(Direction::c2s)]) {
      const auto header = wire::read_header(Bytes{frame}.first(wire::header_octets));
      if (!header || header->type != wire::FrameType::channel) continue;
      const std::string name = channel_name(*header);
      if (out.tls.contains(name)) continue;  // the first frame of a channel begins with its ClientHello
      out.tls[name] = secrets_of(Bytes{frame}.subspan(wire::header_octets));
      if (name != "e") out.tls[name].exporter.clear();  // nothing is exported from the others
    }
  }
  return out;
}

}  // namespace louver::capture
