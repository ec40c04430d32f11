#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.h"
#include "tls/openssl_handles.h"

namespace louver::tls {

/// The TLS library's way to the outside: a BIO that reads what it is given and gathers what is written. No socket, no
/// copy of the input.
class BytePipe {
 public:
  /// @param allowance  how many bytes may be read in all until `lift_allowance`
  explicit BytePipe(std::size_t allowance) : allowance_(allowance) {}
  BytePipe(const BytePipe&) = delete;
  BytePipe& operator=(const BytePipe&) = delete;

  /// A BIO that refers to this pipe, which must outlive it. Null for lack of memory.
  BioHandle make_bio();

  /// `input` must live until `end_input`. The library reads all of it before it says that it wants more.
  void begin_input(Bytes input) { input_ = input; }
  void end_input() { input_ = {}; }
  /// How much of the input the library has not read.
  std::size_t unread() const { return input_.size(); }
  Buffer take_output() { return std::exchange(output_, {}); }

  void lift_allowance() { is_limited_ = false; }
  /// The library wanted more than the allowance.
  bool overdrawn() const { return overdrawn_; }
  /// From now on every read fails: for callbacks that can stop the library in no other way.
  void stop() { stopped_ = true; }

 private:
  struct Callbacks;

  Bytes input_;
  Buffer output_;
  std::size_t allowance_;
  bool is_limited_ = true;
  bool overdrawn_ = false;
  bool stopped_ = false;
};

}  // namespace louver::tls
