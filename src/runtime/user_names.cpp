#include "runtime/user_names.h"

#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <vector>

#include "base/bytes.h"
#include "runtime/system_error.h"

namespace louver::runtime {
namespace {
constexpr std::size_t first_room = 4096, most_room = 1024 * 1024;
}

Result<uid_t> user_by_name(const std::string& name) {
  const bool is_number = !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  if (is_number) {
    uid_t id = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
    if (read.ec != std::errc{} || id == std::numeric_limits<uid_t>::max())
      return Error{Fault::configuration, "\"" + printable(name) + "\" is no number of a user"};
    return id;
  }
  std::vector<char> room(first_room);
  passwd entry{};
  passwd* found = nullptr;
  int error = ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  while (error == ERANGE && room.size() < most_room) {
    room.resize(room.size() * 2);
    error = ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  }
  if (found != nullptr) return found->pw_uid;
  // Which errors mean "no such user" is not agreed on (getpwnam(3)).
  if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
    return Error{Fault::configuration, "this machine has no user \"" + printable(name) + "\""};
  return system_fault(Fault::configuration, "looking up the user \"" + printable(name) + "\"", error);
}

}  // namespace louver::runtime
