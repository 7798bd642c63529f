// Cryptographic digests and the two spellings of bytes as text. A Digest names content (files,
// models, chains of records); a keyed one makes pseudonyms. Any thread; a Sha256 belongs to one
// thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.h"

namespace quintet {

// 32 bytes of SHA-256.
using Digest = std::array<std::uint8_t, 32>;

// SHA-256 of what is added in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  // The digest of all that was added; starts anew afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::string_view bytes);
// 64 digits, small letters.
std::string sha256_hex(std::string_view bytes);
// HMAC with SHA-256 (RFC 2104). An empty key is a key.
Digest hmac_sha256(std::string_view key, std::string_view text);
// Compares without telling by its duration where the two differ; of tokens and signatures.
bool equal_in_constant_time(std::string_view a, std::string_view b);

inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Small letters; reading takes either case. An odd length or another character is Code::invalid.
std::string to_hex(std::string_view bytes);
Expected<std::string> from_hex(std::string_view text);
// RFC 4648 section 5, without padding. Reading refuses padding, other characters and bits left
// over.
std::string to_base64url(std::string_view bytes);
Expected<std::string> from_base64url(std::string_view text);

}  // namespace quintet
