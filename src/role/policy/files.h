#pragma once

#include <span>
#include <vector>

#include "config/config.h"

/// What the configurations of a path come to, without running anything: `louver policy`.
namespace louver::role::policy {

/// The files of one or several paths. Each says by `role` whose it is.
struct Files {
  std::vector<config::Agent> agents;
  std::vector<config::Middlebox> middleboxes;
  std::vector<config::Gateway> gateways;

  /// Null if no file is that party's.
  const config::Middlebox* middlebox(std::string_view name) const;
  const config::Gateway* gateway(std::string_view name) const;
};

/// Certificates and keys that the files name are not opened: whoever judges a policy need not have them.
/// @fault configuration  a file with a fault, a role that it does not say, two middleboxes or gateways of one name
Result<Files> read_files(std::span<const std::string> paths);

}  // namespace louver::role::policy
