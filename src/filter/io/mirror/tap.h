#pragma once

#include "filter/io/mirror/pcap_server.h"

namespace louver::filter::mirror {

/// The PCAP-over-IP server of a mirror, as one edition of the rules wants it. Editions that name the same place share
/// one server, so that readers and open sessions see nothing of a reload.
///
/// open() before the edition is put in force, enter() when it is, leave() when another takes its place: all but open()
/// on one thread.
class Tap {
 public:
  explicit Tap(PcapOptions options) : options_(std::move(options)) {}
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  /// Listens, if nobody does yet. @fault configuration  as PcapServer::open
  Result<> open();
  void enter();
  void leave();
  /// Null before open(): nobody is to read.
  const std::shared_ptr<PcapServer>& server() const { return server_; }

 private:
  const PcapOptions options_;
  std::shared_ptr<PcapServer> server_;
};

}  // namespace louver::filter::mirror
