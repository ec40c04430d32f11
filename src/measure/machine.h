#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "tls/channel.h"

namespace louver::measure {

/// Where it was measured, as it was when it began.
struct Machine {
  std::string processor, library;  // the model; the cryptographic library with its version
  unsigned cores = 0;
  double load = 0;  // of the last minute
};
Machine look_at_machine();

/// What the cipher alone takes: AES-128-GCM, 16 KiB sealed at a time, in CPU seconds for 10^9 octets.
double cipher_seconds();

/// Full TLS 1.3 handshakes in this process: two channels, each with its certificate, each checking the other's.
class Handshakes {
 public:
  /// @param folder  has ca.pem, and NAME.pem and NAME.key of both
  /// @fault configuration
  static Result<Handshakes> prepare(const std::string& folder, const std::string& client, const std::string& server);

  /// CPU milliseconds of one, both ends together.
  /// @fault as tls::Channel
  Result<double> milliseconds() const;

 private:
  Handshakes(std::shared_ptr<const tls::ChannelContext> client, std::shared_ptr<const tls::ChannelContext> server,
             std::string name)
      : client_(std::move(client)), server_(std::move(server)), server_name_(std::move(name)) {}
  Result<> make_one() const;

  std::shared_ptr<const tls::ChannelContext> client_, server_;
  std::string server_name_;
};

}  // namespace louver::measure
